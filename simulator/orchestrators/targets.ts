import type { Recalled } from '#planner/recall.ts';
import type { Fill } from '#planner/replan.ts';
import { defaultScheduler } from '#planner/search/default-scheduler.ts';
import { greedyEft, heft } from '#planner/search/greedy.ts';
import { localSearch } from '#planner/search/local-search.ts';
import type { Evaluator } from '#world/evaluator.ts';

/** Evaluations for each replica of the quick plan that search goes towards at every window. */
const QUICK = 200;

/** A new whole plan at a tenth of the effort; undefined when some service has no host. */
export function quickTarget(evaluator: Evaluator, effort: number): Int32Array | undefined {
  const { services, tasks } = evaluator.instance;
  if (services.some(({ hosts }) => hosts.length === 0)) return undefined;
  return localSearch(evaluator, greedyEft(evaluator), QUICK * effort * tasks, -Infinity).assign;
}

/** The best of what was recalled, improved with a quarter of a quick plan's effort; undefined when nothing was. */
export function recalledTarget(
  evaluator: Evaluator,
  recalled: Recalled,
  effort: number,
): Int32Array | undefined {
  const { services, tasks } = evaluator.instance;
  if (services.some(({ hosts }) => hosts.length === 0)) return undefined;
  const [best] = recalled
    .candidates(evaluator)
    .map(({ assign }) => ({ assign, value: evaluator.value(assign) }))
    .toSorted((a, b) => a.value - b.value);
  if (best === undefined) return undefined;
  return localSearch(evaluator, best.assign, (QUICK / 4) * effort * tasks, -Infinity).assign;
}

/** Where new and lost replicas go; search for those that are not named. */
export const fills: Readonly<Record<string, Fill>> = {
  greedy: greedyEft,
  heft,
  'default-scheduler': ({ instance }, fixed) => defaultScheduler(instance, 1, fixed),
};
