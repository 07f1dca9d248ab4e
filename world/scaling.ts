import type { Instance } from './instance.ts';
import type { Service } from './service.ts';

/** Busy share of a replica that scaling aims at: a queue of an M/M/1 server at 60 % waits 1.5 service times. */
const TARGET = 0.6;
/** One replica less only where the others would then be busy no more than this: up at 60 %, down below 45 %. */
const CALM = 0.45;

/** Replicas of each microservice. */
export type Counts = Readonly<Record<string, number>>;

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

/** Replicas of each microservice that the hosts could take if the DAG's others took nothing. */
export function roomOf({ services, free }: Instance): Counts {
  return Object.fromEntries(
    services.map(({ name, hosts, request }) => {
      const perHost = [...hosts].map((h) =>
        request.reduce((least, asked, r) => {
          const left = free[h * request.length + r] ?? 0;
          return asked > 0 ? Math.min(least, Math.floor(left / asked)) : least;
        }, Infinity),
      );
      return [name, perHost.reduce((a, b) => a + b, 0)];
    }),
  );
}

/** Replicas wanted of each microservice for the rates of the instance, where its replicas run now; `current`: those there are. */
export function scaledCounts(instance: Instance, current: Counts): Counts {
  const room = roomOf(instance);
  return Object.fromEntries(
    instance.services.map((service) => {
      const { name, rate, min, max } = service;
      const erlangs = (rate * meanServe(service)) / 1e6;
      const load = { erlangs, current: current[name] ?? min, min, max, room: room[name] ?? Infinity };
      return [name, wantedReplicas(load)];
    }),
  );
}

/** Mean service time on the hosts where it runs, or on all that take it while it runs nowhere; microseconds. */
function meanServe({ running, hosts, serve }: Service): number {
  const on = running.size > 0 ? [...running] : [...hosts];
  return on.reduce((sum, h) => sum + (serve[h] ?? 0), 0) / Math.max(1, on.length);
}
