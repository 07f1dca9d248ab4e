import { distance, EPSILON, toIntegers, TOTAL } from './weights.ts';
import type { Weights } from './weights.ts';

/** A backend comes and goes through weight 1: a step to or from 0 costs plain Envoy Gateway a few errors (1 in 10,000 calls otherwise). */
const STEP = 1;
/** How long a weight of 1 is held: routes and backends have reached every proxy by then (measured: 1.0 s at most). */
export const HOLD_MS = 2_000;

/** One backend: on its way in, in use, on its way out, or out of the route with its Service still there. */
export type Phase = 'entering' | 'live' | 'leaving' | 'left';

/** Where one backend stands and since when. */
export interface Stand {
  readonly phase: Phase;
  readonly sinceMs: number;
}

/** What is written of one edge: whole weights of the backends in the route, and how each backend stands. */
export interface Drained {
  readonly weights: Weights;
  readonly stands: ReadonlyMap<string, Stand>;
}

/** Nothing is written yet. */
export const NOTHING: Drained = { weights: new Map(), stands: new Map() };

/** What is there as if it had been there for ever: for the state after a restart. */
export const asFound = (weights: Weights): Drained => ({
  weights,
  stands: new Map([...weights].map(([group]) => [group, { phase: 'live', sinceMs: -Infinity }])),
});

/** What the next step is made from. */
export interface Goal {
  /** Shares wanted of groups that can take calls. */
  readonly shares: Weights;
  /** Groups that have at least one ready replica: only those are worth a slow way out. */
  readonly alive: ReadonlySet<string>;
  readonly nowMs: number;
}

/** The next state; `againMs` from now there is more to do, unless it is undefined. */
export interface Next {
  readonly state: Drained;
  readonly againMs: number | undefined;
}

/**
 * One step towards the wanted shares. A new backend is written with weight 1 before its full weight, one that is no longer wanted
 * with weight 1 before it leaves the route, and its Service stays a while longer: routes never name a Service that is not there.
 * A backend without a ready replica leaves at once. Differences below `EPSILON` are not written. Pure.
 */
export function step(before: Drained, { shares, alive, nowMs }: Goal): Next {
  const wanted = toIntegers(shares);
  if (wanted.size === 0) return { state: before, againMs: undefined }; // nobody can take a call: nothing is better
  const carriers = [...before.stands].flatMap(([group, { phase }]) =>
    alive.has(group) && (phase === 'live' || phase === 'leaving') ? [group] : [],
  );
  const isFirst = carriers.length === 0;
  // Until one of the wanted backends is in, those that carry the calls go on as they are.
  const stays = !carriers.some((group) => wanted.has(group)) && !isEntered(before, wanted, nowMs);
  const stands = new Map<string, Stand>();
  for (const group of new Set([...before.stands.keys(), ...wanted.keys()])) {
    const about = { wanted: wanted.has(group), alive: alive.has(group), isFirst, nowMs };
    const stand =
      stays && carriers.includes(group)
        ? { phase: 'live' as const, sinceMs: nowMs }
        : nextStand(before.stands.get(group), about);
    if (stand !== undefined) stands.set(group, stand);
  }
  const carried =
    stays && !isFirst ? new Map(carriers.map((group) => [group, before.weights.get(group) ?? STEP])) : shares;
  const least = new Map<string, number>();
  for (const [group, { phase }] of stands)
    if (phase !== 'live') least.set(group, phase === 'left' ? 0 : STEP);
  const target = toIntegers(carried, TOTAL, least);
  const sameGroups =
    target.size === before.weights.size && [...target.keys()].every((group) => before.weights.has(group));
  const samePhases = [...stands].every(([group, { phase }]) => before.stands.get(group)?.phase === phase);
  const small = sameGroups && samePhases && distance(before.weights, target) <= EPSILON;
  const waits = [...stands.values()].flatMap(({ phase, sinceMs }) =>
    phase === 'live' ? [] : [Math.max(0, sinceMs + HOLD_MS - nowMs)],
  );
  return {
    state: { weights: small ? before.weights : target, stands },
    againMs: waits.length === 0 ? undefined : Math.min(...waits),
  };
}

/** Whether a wanted backend has been at weight 1 for long enough. */
const isEntered = (before: Drained, wanted: Weights, nowMs: number): boolean =>
  [...before.stands].some(
    ([group, { phase, sinceMs }]) => phase === 'entering' && wanted.has(group) && nowMs - sinceMs >= HOLD_MS,
  );

interface About {
  readonly wanted: boolean;
  readonly alive: boolean;
  /** Nothing that works is written: there is nobody to be gentle with. */
  readonly isFirst: boolean;
  readonly nowMs: number;
}

function nextStand(before: Stand | undefined, { wanted, alive, isFirst, nowMs }: About): Stand | undefined {
  const over = before !== undefined && nowMs - before.sinceMs >= HOLD_MS;
  const enter = (phase: Phase): Stand => ({ phase, sinceMs: nowMs });
  switch (before?.phase) {
    case undefined:
      if (!wanted) return undefined;
      return enter(isFirst ? 'live' : 'entering');
    case 'entering':
      if (!wanted) return enter(alive ? 'leaving' : 'left');
      return over || isFirst ? enter('live') : before;
    case 'live':
      if (wanted) return before;
      return enter(alive ? 'leaving' : 'left');
    case 'leaving':
      if (wanted) return enter('live');
      return over || !alive ? enter('left') : before;
    case 'left':
      if (wanted) return enter(isFirst ? 'live' : 'entering');
      return over ? undefined : before;
    default:
      throw new Error(`unknown phase ${JSON.stringify(before?.phase satisfies undefined)}`);
  }
}
