/** Busy share of a replica that scaling aims at: a queue of an M/M/1 server at 60 % waits 1.5 service times. */
const TARGET = 0.6;
/** One replica less only where the others would then be busy no more than this: up at 60 %, down below 45 %. */
const CALM = 0.45;

/** What scaling looks at, for one microservice. */
export interface Load {
  /** Requests/s that reach it, times its service time in seconds: how many replicas work alone would keep busy. */
  readonly erlangs: number;
  readonly current: number;
  readonly min: number;
  readonly max: number;
  /** Replicas for which there is room, those that run included. */
  readonly room: number;
}

/**
 * Replicas wanted: as many as keep each at most 60 % busy, and no fewer than now until one less would be at most 45 % busy.
 * Between `min` and `max`, never more than there is room for beyond the least. Grows with the load and with what runs.
 */
export function wantedReplicas({ erlangs, current, min, max, room }: Load): number {
  const up = Math.ceil(erlangs / TARGET - 1e-9);
  const down = Math.ceil(erlangs / CALM - 1e-9);
  const wanted = Math.max(up, Math.min(current, down));
  return Math.max(min, Math.min(wanted, max, room));
}
