import type { Objective } from '#world/evaluator.ts';
import type { Instance } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import type { Judgement } from '#world/judge.ts';
import type { Violation } from '#world/prediction.ts';
import { hostsFor } from './partial.ts';
import { randomFrom } from './random.ts';

/** A placement and what the world model says of it. */
export interface Refined {
  readonly assign: Int32Array;
  readonly judgement: Judgement;
}

/** Least a broken limit counts, however little it is broken, and the most. */
const BROKEN = 0.1;
const MOST = 10;

/** How wrong a placement is: 0 when it keeps every hard limit. */
export const wrongness = ({ violations }: Judgement): number =>
  violations.reduce((sum, v) => sum + (v.hard ? BROKEN + excess(v) : 0), 0);

const excess = ({ limit, value }: Violation): number =>
  limit > 0 ? Math.min(MOST, Math.abs(value - limit) / limit) : MOST;

/** The objective of a judged placement. */
export const objectiveOf = (objective: Objective, { predicted, cost }: Judgement): number =>
  objective === 'latency' ? predicted.latencyMicros : cost;

/** Negative when `a` is better: less wrong, then less of the objective. */
export function compareJudged(objective: Objective, a: Judgement, b: Judgement): number {
  return wrongness(a) - wrongness(b) || objectiveOf(objective, a) - objectiveOf(objective, b);
}

/**
 * Mends or improves a placement with the exact world model, which routes every flow beside all others: descent over moves of one
 * task, swaps and moves of both ends of a call, from a few shaken starts while it is still wrong. `judgements` bounds the effort.
 * `say` judges; with even shares by default.
 */
export function refine(
  instance: Instance,
  start: Refined,
  objective: Objective,
  judgements: number,
  fixed?: Int32Array,
  say = (assign: Int32Array): Judgement => judge(instance, assign),
): Refined {
  const { tasks, serviceOf, services, edges } = instance;
  const movable = Array.from({ length: tasks }, (_, t) => t).filter((t) => (fixed?.[t] ?? -1) < 0);
  const random = randomFrom(judgements + tasks);
  let left = movable.length === 0 ? 0 : judgements;
  const tried = new Set<string>();

  /** Pairs of tasks at the ends of a call. */
  const calls = edges.flatMap(({ source, target }) => {
    const [a, b] = [services[source], services[target]];
    return a === undefined || b === undefined ? [] : [[a.firstTask, b.firstTask] as const];
  });
  const better = (assign: Int32Array, than: Judgement): Refined | undefined => {
    const key = assign.join();
    if (left <= 0 || tried.has(key)) return undefined;
    tried.add(key);
    left--;
    const judgement = say(assign);
    return compareJudged(objective, judgement, than) < 0 ? { assign: assign.slice(), judgement } : undefined;
  };
  const moved = (from: Refined, changes: readonly (readonly [task: number, host: number])[]): Int32Array => {
    const assign = from.assign.slice();
    for (const [task, host] of changes) assign[task] = host;
    return assign;
  };
  const takes = (task: number, host: number): boolean =>
    services[serviceOf[task] ?? 0]?.hosts.includes(host) === true && (fixed?.[task] ?? -1) < 0;

  const descend = (from: Refined): Refined => {
    let best = from;
    for (let improved = true; improved;) {
      improved = false;
      const step = (changes: readonly (readonly [number, number])[]): void => {
        const next = better(moved(best, changes), best.judgement);
        if (next === undefined) return;
        best = next;
        improved = true;
      };
      for (const task of movable) {
        const hosts = hostsFor(instance, task, fixed);
        for (let i = 0; i < hosts.length; i++) step([[task, hosts[i] ?? 0]]);
      }
      if (wrongness(best.judgement) > 0) {
        for (const a of movable) {
          for (const b of movable) {
            const [there, here] = [best.assign[b] ?? 0, best.assign[a] ?? 0];
            if (a < b && here !== there && takes(a, there) && takes(b, here))
              step([
                [a, there],
                [b, here],
              ]);
          }
        }
      }
      for (const [a, b] of calls) {
        for (const host of services[serviceOf[a] ?? 0]?.hosts ?? [])
          if (takes(a, host) && takes(b, host))
            step([
              [a, host],
              [b, host],
            ]);
      }
    }
    return best;
  };

  tried.add(start.assign.join());
  let best = descend(start);
  while (left > 0 && wrongness(best.judgement) > 0 && tried.size < judgements * 2) {
    // Still wrong: shake a few tasks and go down again.
    const shaken = best.assign.slice();
    for (let shakes = Math.min(movable.length, 3); shakes > 0; shakes--) {
      const task = movable[Math.floor(random() * movable.length)] ?? 0;
      const hosts = hostsFor(instance, task, fixed);
      shaken[task] = hosts[Math.floor(random() * hosts.length)] ?? shaken[task] ?? 0;
    }
    left--;
    const found = descend({ assign: shaken, judgement: say(shaken) });
    if (compareJudged(objective, found.judgement, best.judgement) < 0) best = found;
  }
  return best;
}

/** Judgements that fit in a millisecond on the slowest machine we care for: a count, so that plans do not depend on the clock. */
export function judgementsPerMs({ edges, services, tasks, snapshot }: Instance): number {
  const { names, head } = snapshot.graph;
  const pairs = edges.reduce(
    (sum, e) => sum + (services[e.source]?.replicas ?? 1) * (services[e.target]?.replicas ?? 1),
    0,
  );
  const routing = edges.some((e) => e.bps > 0) ? 0.4 * pairs * (names.length + head.length) : pairs * 5;
  return 1e3 / (60 + 5 * tasks + routing);
}
