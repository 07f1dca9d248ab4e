import type { Evaluator } from '#world/evaluator.ts';
import { randomFrom } from './random.ts';

/** Result of a search: the best assignment seen and its value. */
export interface Found {
  readonly assign: Int32Array;
  readonly value: number;
  readonly evaluations: number;
}

/** Share of the evaluations spent cooling before the last descent. */
const COOLING = 0.85;
/** First temperature as a share of the value: a move that costs this much is taken with probability 1/e. */
const HEAT = 0.03;

/**
 * Improves an assignment within `evaluations` evaluations (a count, not a clock: the same input gives the same answer on any
 * machine): steepest descent over single moves, then simulated annealing over moves, swaps and pulling a service to its
 * neighbour's host, then descent again. Fixed tasks stay. Stops early at `bound`, below which nothing can be.
 */
export function localSearch(
  evaluator: Evaluator,
  start: Int32Array,
  evaluations: number,
  bound: number,
  fixed?: Int32Array,
): Found {
  const { services, serviceOf, edges } = evaluator.instance;
  const random = randomFrom(start.reduce((seed, host) => Math.imul(seed, 31) + host, 17));
  const movable = [...start.keys()].filter((task) => (fixed?.[task] ?? -1) < 0);
  let spent = 0;
  const value = (assign: Int32Array): number => {
    spent++;
    return evaluator.value(assign);
  };
  const best = start.slice();
  let bestValue = value(best);
  const done = (): boolean => spent >= evaluations || bestValue <= bound * (1 + 1e-9) || movable.length === 0;

  const descend = (assign: Int32Array, from: number): number => {
    let at = from;
    for (let improved = true; improved && !done();) {
      improved = false;
      for (const task of movable) {
        const hosts = services[serviceOf[task] ?? 0]?.hosts ?? [];
        const home = assign[task] ?? 0;
        let goal = home;
        for (const host of hosts) {
          if (host === home || spent >= evaluations) continue;
          assign[task] = host;
          const v = value(assign);
          if (v < at - 1e-12 * Math.abs(at)) {
            at = v;
            goal = host;
          }
        }
        assign[task] = goal;
        if (goal !== home) improved = true;
      }
    }
    return at;
  };

  const keepBest = (assign: Int32Array, v: number): void => {
    if (v >= bestValue) return;
    best.set(assign);
    bestValue = v;
  };
  const descended = best.slice();
  keepBest(descended, descend(descended, bestValue));

  const current = best.slice();
  let currentValue = bestValue;
  const hot = Math.abs(bestValue) * HEAT;
  const until = spent + (evaluations - spent) * COOLING;
  const from = spent;
  while (spent < until && !done()) {
    const temperature = hot * (1 - (spent - from) / (until - from)) ** 2 + 1e-12;
    const task = movable[Math.floor(random() * movable.length)] ?? 0;
    const other = movable[Math.floor(random() * movable.length)] ?? 0;
    const before = current[task] ?? 0;
    const beforeOther = current[other] ?? 0;
    const kind = random();
    if (kind < 0.45) {
      const hosts = services[serviceOf[task] ?? 0]?.hosts;
      current[task] = hosts?.[Math.floor(random() * hosts.length)] ?? before;
    } else if (kind < 0.6) {
      const swap = canHost(evaluator, task, beforeOther) && canHost(evaluator, other, before);
      if (swap) {
        current[task] = beforeOther;
        current[other] = before;
      }
    } else if (kind < 0.8) {
      // Both ends of a call to one new host.
      const hosts = services[serviceOf[task] ?? 0]?.hosts;
      const host = hosts?.[Math.floor(random() * hosts.length)] ?? before;
      const neighbour = neighbourOf(evaluator, task, random);
      const free = neighbour !== undefined && (fixed?.[neighbour] ?? -1) < 0;
      const was = free ? (current[neighbour] ?? 0) : 0;
      current[task] = host;
      if (free && canHost(evaluator, neighbour, host)) {
        current[neighbour] = host;
        const v = value(current);
        if (accept(v)) continue;
        current[neighbour] = was;
        current[task] = before;
        continue;
      }
    } else {
      const neighbour = neighbourOf(evaluator, task, random);
      const host = neighbour === undefined ? before : (current[neighbour] ?? before);
      if (canHost(evaluator, task, host)) current[task] = host;
    }
    if (current[task] === before && current[other] === beforeOther) {
      spent++;
      continue;
    }
    if (!accept(value(current))) {
      current[other] = beforeOther;
      current[task] = before;
    }

    function accept(v: number): boolean {
      if (v > currentValue && random() >= Math.exp((currentValue - v) / temperature)) return false;
      currentValue = v;
      keepBest(current, v);
      return true;
    }
  }
  const last = best.slice();
  keepBest(last, descend(last, bestValue));
  return { assign: best, value: bestValue, evaluations: spent };

  function neighbourOf(of: Evaluator, task: number, next: () => number): number | undefined {
    const s = serviceOf[task] ?? 0;
    const around = [...(of.instance.incoming[s] ?? []), ...(of.instance.outgoing[s] ?? [])];
    const edge = edges[around[Math.floor(next() * around.length)] ?? -1];
    if (edge === undefined) return undefined;
    const service = services[edge.source === s ? edge.target : edge.source];
    return service === undefined ? undefined : service.firstTask + Math.floor(next() * service.replicas);
  }
}

function canHost(evaluator: Evaluator, task: number, host: number): boolean {
  const { services, serviceOf } = evaluator.instance;
  const hosts = services[serviceOf[task] ?? 0]?.hosts;
  if (hosts === undefined) return false;
  let low = 0;
  let high = hosts.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = hosts[middle] ?? 0;
    if (at === host) return true;
    if (at < host) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}
