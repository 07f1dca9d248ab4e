import type { Evaluator } from '#world/evaluator.ts';
import { judge } from '#world/judge.ts';
import { ranked } from './contend.ts';
import { judgeJointly } from './joint.ts';
import type { Judged } from './mend.ts';
import type { PlanOptions } from './plan-options.ts';
import { ease, easedEvaluator } from './search/ease.ts';
import { evaluationsPerMs } from './sources.ts';

/** Share of the budget in which a contender's branches are brought near. */
const SHARE = 0.25;
/** Share by which another source has to be better: rounding is no reason. */
const CLEARLY = 1e-9;

/** What is planned, and what lost against it. */
export interface Finished {
  readonly chosen: Judged | undefined;
  readonly rest: readonly Judged[];
}

/**
 * Chooses among the judged. Without ease the least J wins. With it, all that costs at most the ease more than the least J competes by
 * J and how late services are done in the mean, as search's own last step does. Others than search win only when they are strictly better.
 */
export function finished(
  evaluator: Evaluator,
  own: readonly Judged[],
  others: readonly Judged[],
  options: PlanOptions,
  joint: boolean,
  fixed?: Int32Array,
): Finished {
  const all = ranked(evaluator, own, others);
  const [best, ...rest] = all;
  const { ease: share = 0, planner, objective } = options;
  const eases = share > 0 && planner === 'search' && objective === 'utility';
  if (best === undefined || !eases || !best.judgement.feasible) return { chosen: best, rest };
  const most = best.judgement.cost * (1 + share);
  const few = best.judgement.violations.length;
  const fits = ({ judgement: { feasible, cost, violations } }: Judged): boolean =>
    feasible && cost <= most && violations.length <= few;
  const easily = easedEvaluator(evaluator.instance, joint);
  const valued = (one: Judged): { one: Judged; value: number } => ({ one, value: easily.value(one.assign) });
  const least = (list: readonly Judged[]): { one: Judged; value: number } | undefined =>
    list
      .filter(fits)
      .map(valued)
      .toSorted((a, b) => a.value - b.value || a.one.judgement.cost - b.one.judgement.cost)[0];

  const easing = (from: Judged, budgetMs: number): Judged => {
    const evaluations = Math.floor(budgetMs * evaluationsPerMs(evaluator));
    const assign = ease(evaluator, from.assign, evaluations, joint, fixed);
    const { instance } = evaluator;
    const judgement = joint ? judgeJointly(instance, objective)(assign) : judge(instance, assign);
    return { ...from, method: `${from.method}+ease`, assign, judgement, repaired: false };
  };
  const [mine] = ranked(evaluator, own, []);
  const eased = mine === undefined ? [] : [easing(mine, options.budgetMs)].filter(fits);
  const start = least(others);
  const theirs =
    start === undefined
      ? undefined
      : least([start.one, easing(start.one, options.budgetMs * SHARE)].filter(fits));
  // Search alone ends with what it has eased, or with its best where that may not be.
  const [last] = [...eased, ...(mine === undefined ? [] : [mine])].filter(fits).map(valued);
  const wins =
    theirs !== undefined &&
    (last === undefined || theirs.value < last.value - CLEARLY * Math.abs(last.value));
  const chosen = wins ? theirs.one : (last?.one ?? best);
  return { chosen, rest: [...eased, ...all].filter((one) => one !== chosen) };
}
