import type { Evaluator } from '#world/evaluator.ts';
import type { Instance } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import { judgeJointly } from './joint.ts';
import type { Judged } from './mend.ts';
import type { PlanOptions } from './plan-options.ts';
import { presentReplicas } from './present.ts';
import { HYSTERESIS, replan } from './replan.ts';
import { objectiveOf, wrongness } from './search/refine.ts';
import { sourceOf } from './sources.ts';

/** A placement that moves running replicas. */
export interface Moved {
  readonly candidate: Judged;
  /** Hosts by task, -1 for replicas that run nowhere yet. */
  readonly held: Int32Array;
  /** By `microservice/replica`, the pod that runs it elsewhere now. */
  readonly replaces: ReadonlyMap<string, string>;
}

/**
 * A placement that moves at most `options.moves` running replicas and is better for it than staying: less wrong, or cheaper by more
 * than `HYSTERESIS` of J for each. Towards what a search would choose on an empty slate where the budget allows all of that.
 * Undefined when staying is best.
 */
export async function moved(
  evaluator: Evaluator,
  staying: Judged,
  options: PlanOptions,
  joint: boolean,
): Promise<Moved | undefined> {
  const { moves = 0, planner, budgetMs } = options;
  const { instance, objective } = evaluator;
  if (moves === 0 || instance.services.some(({ hosts }) => hosts.length === 0)) return undefined;
  const anew = await sourceOf(planner)(evaluator, budgetMs);
  const [best] = anew.toSorted((a, b) => evaluator.value(a.assign) - evaluator.value(b.assign));
  const found = replan(evaluator, { moveBudget: moves, hysteresis: HYSTERESIS, toward: best?.assign });
  if (found === undefined || found.moves === 0) return undefined;
  const say = joint ? judgeJointly(instance, objective) : (assign: Int32Array) => judge(instance, assign);
  const judgement = say(found.assign);
  const right = wrongness(judgement) - wrongness(staying.judgement);
  const least = objectiveOf(objective, staying.judgement);
  const pays = objectiveOf(objective, judgement) < least * (1 - HYSTERESIS * found.moves);
  if (right > 0 || (right === 0 && !pays)) return undefined;
  const candidate = { method: 'moves', assign: found.assign, judgement, repaired: false };
  return { candidate, ...whatStands(instance, found.assign) };
}

/** Present hosts by task; of more replicas than are wanted those are left out whose loss costs least. */
export function withoutSurplus(evaluator: Evaluator, present: Int32Array): Int32Array {
  const { instance } = evaluator;
  const running = presentReplicas(instance);
  if (instance.services.every(({ replicas }, s) => (running[s]?.length ?? 0) <= replicas)) return present;
  const found = replan(evaluator, { moveBudget: 0, hysteresis: 0 });
  return found === undefined ? present : whatStands(instance, found.assign).held;
}

/** Replicas of the placement that run already: those that stay, and those that another pod has to make way for. */
function whatStands(instance: Instance, assign: Int32Array): Omit<Moved, 'candidate'> {
  const present = presentReplicas(instance);
  const held = new Int32Array(instance.tasks).fill(-1);
  const replaces = new Map<string, string>();
  for (const [s, { name, firstTask, replicas }] of instance.services.entries()) {
    const left = [...(present[s] ?? [])];
    const elsewhere: number[] = [];
    for (let r = 0; r < replicas; r++) {
      const host = assign[firstTask + r] ?? -1;
      const at = left.findIndex((replica) => replica.host === host);
      if (at < 0) elsewhere.push(r);
      else {
        left.splice(at, 1);
        held[firstTask + r] = host;
      }
    }
    for (const r of elsewhere.slice(0, left.length)) {
      held[firstTask + r] = assign[firstTask + r] ?? -1;
      replaces.set(`${name}/${r}`, left.shift()?.pod ?? '');
    }
  }
  return { held, replaces };
}
