import type { Counts } from '#world/scaling.ts';

/** Why a plan is asked for. */
export type Need =
  | 'NoPlan'
  | 'SpecChanged'
  | 'NodeLost'
  | 'PodsWait'
  | 'QoSViolated'
  | 'Drifted'
  | 'LoadGrew'
  | 'RegionChanged'
  | 'WindowOver';

/** Needs that running replicas may move for. The others are for replicas that have no place, and moving makes room for those only where nothing else does. */
export const MOVES_FOR: ReadonlySet<Need> = new Set([
  'QoSViolated',
  'Drifted',
  'RegionChanged',
  'WindowOver',
]);

/** One time that a plan was asked for, and what came of it. */
export interface Attempt {
  readonly atMs: number;
  /** Generation of the spec that was asked about. */
  readonly generation: number | undefined;
  readonly outcome: 'planned' | 'infeasible' | 'unavailable';
  /** `Input.supply` when it was asked. */
  readonly supply: number;
  /** Replicas that it was asked for, by microservice. */
  readonly replicas: Counts;
  /** What was read of the regions when a plan was had last. */
  readonly ground: string;
  /** How many in a row ended like this. */
  readonly tries: number;
}

/** What was not feasible is tried again after this without any change of the world. */
const INFEASIBLE_MS = 15_000;
/** Changes of the world that come in a burst are one reason to try again. */
const SETTLE_MS = 200;
/** Between two plans of one spec: pods need time to follow the first. */
const REST_MS = 5_000;
/** A planner that is away is asked again after 2 s, 4 s, … 30 s. */
const AWAY_MS = 2_000;
const LONGEST_AWAY_MS = 30_000;

/** How long to leave a planner alone that did not answer so many times in a row. */
export const awayMs = (tries: number): number => Math.min(LONGEST_AWAY_MS, AWAY_MS * 2 ** (tries - 1));

/** How long to wait before a plan is asked for (again); 0 or less: now. Pure. */
export function waitAfter(
  last: Attempt | undefined,
  why: Need,
  now: {
    readonly nowMs: number;
    readonly supply: number;
    readonly dag: { metadata: { generation?: number | undefined } };
  },
): number {
  if (last === undefined) return 0;
  return last.atMs + pause(last, why, now) - now.nowMs;
}

function pause(last: Attempt, why: Need, { supply, dag }: Parameters<typeof waitAfter>[2]): number {
  if (last.outcome === 'unavailable') return awayMs(last.tries);
  if (last.generation !== dag.metadata.generation) return 0;
  const worldHelps = supply !== last.supply;
  if (last.outcome === 'infeasible') return worldHelps ? SETTLE_MS : INFEASIBLE_MS;
  // The last plan cannot name a node that is lost since: no need for rest.
  if (why === 'NodeLost') return SETTLE_MS;
  return why === 'PodsWait' && !worldHelps ? INFEASIBLE_MS : REST_MS;
}
