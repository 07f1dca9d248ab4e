import type { Evaluator } from '#world/evaluator.ts';
import { judge } from '#world/judge.ts';
import { emptyPartial, fits, hostsFor } from './partial.ts';

/** A placement with the least its objective can be. */
interface Bounded {
  readonly assign: Int32Array;
  readonly bound: number;
}

/** What trying all placements found. */
interface Exhausted {
  /** Undefined when none was feasible. */
  readonly best: Int32Array | undefined;
  /** Nothing is better; with no `best`, nothing is feasible. */
  readonly proven: boolean;
}

/**
 * The best placement of a small instance, by trying all of them: those that keep every limit if no flow is in another's way, in
 * order of what they cost then, judged exactly until none that is left can be better. Not `proven` when there are more than
 * `steps` partial placements or when more than `judgements` would be needed.
 */
export function exhaustive(
  evaluator: Evaluator,
  steps: number,
  judgements: number,
  fixed?: Int32Array,
): Exhausted {
  const every = everyPlacement(evaluator, steps, fixed);
  const all = every?.toSorted((a, b) => a.bound - b.bound) ?? [];
  let best: Int32Array | undefined;
  let least = Infinity;
  let proven = every !== undefined;
  for (const [i, { assign, bound }] of all.entries()) {
    // Half a microsecond: predictions are whole ones.
    if (bound >= least - (evaluator.objective === 'latency' ? 0.5 : 0)) break;
    if (i === judgements) {
      proven = false;
      break;
    }
    const { feasible, predicted, cost } = judge(evaluator.instance, assign);
    const value = evaluator.objective === 'latency' ? predicted.latencyMicros : cost;
    if (!feasible || value >= least) continue;
    least = value;
    best = assign;
  }
  return { best, proven };
}

/** Placements of all tasks, limits aside; replicas are alike, so only those in ascending order of host count. */
export function placements({ instance }: Evaluator, fixed: Int32Array | undefined): number {
  let product = 1;
  for (const { firstTask, replicas } of instance.services) {
    for (let r = 0; r < replicas; r++) {
      const hosts = hostsFor(instance, firstTask + r, fixed).length;
      product *= fixed === undefined ? (hosts + r) / (r + 1) : hosts;
    }
  }
  return product;
}

/** Depth first, callers first, leaving out what has no room or no way in time; undefined after more than `steps`. */
function everyPlacement(
  evaluator: Evaluator,
  steps: number,
  fixed: Int32Array | undefined,
): Bounded[] | undefined {
  const { instance } = evaluator;
  const { services, serviceOf, tasks, incoming, edges, snapshot } = instance;
  const hosts = snapshot.hosts.length;
  const { assign, extra } = emptyPartial(instance);
  const found: Bounded[] = [];
  let left = steps;

  const reached = (s: number, host: number): boolean => {
    for (const e of incoming[s] ?? []) {
      const source = services[edges[e]?.source ?? 0];
      const { time } = evaluator.matrix(e);
      for (let i = 0; i < (source?.replicas ?? 0); i++) {
        const from = assign[(source?.firstTask ?? 0) + i] ?? 0;
        if (time[from * hosts + host] === Infinity) return false;
      }
    }
    return true;
  };
  const place = (task: number): void => {
    if (task === tasks) {
      const bound = evaluator.bound(assign);
      if (bound < Infinity) found.push({ assign: assign.slice(), bound });
      return;
    }
    const s = serviceOf[task] ?? 0;
    const service = services[s];
    if (service === undefined) return;
    const { request } = service;
    const candidates = hostsFor(instance, task, fixed);
    const from = task > service.firstTask && fixed === undefined ? (assign[task - 1] ?? 0) : 0;
    for (let i = 0; i < candidates.length && left > 0; i++) {
      const host = candidates[i] ?? 0;
      left--;
      if (host < from || !fits(instance, extra, host, request) || !reached(s, host)) continue;
      const at = host * request.length;
      for (let r = 0; r < request.length; r++) extra[at + r] = (extra[at + r] ?? 0) + (request[r] ?? 0);
      assign[task] = host;
      place(task + 1);
      for (let r = 0; r < request.length; r++) extra[at + r] = (extra[at + r] ?? 0) - (request[r] ?? 0);
    }
  };
  place(0);
  return left > 0 ? found : undefined;
}
