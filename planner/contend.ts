import type { Evaluator } from '#world/evaluator.ts';
import { judge } from '#world/judge.ts';
import { jointly } from './joint.ts';
import { mended } from './mend.ts';
import type { Judged } from './mend.ts';
import type { PlanOptions } from './plan-options.ts';
import { localSearch } from './search/local-search.ts';
import { compareJudged, objectiveOf, wrongness } from './search/refine.ts';
import { evaluationsPerMs } from './sources.ts';
import type { Candidate } from './sources.ts';

/** Share of the search's budget that the proposals of other sources get, beside it: search alone stays what it is. */
const SHARE = 0.25;
/** Evaluations for each replica after which nothing more is found. */
const ENOUGH = 400;
/** Proposals that are judged as they are, the best ones. */
const AS_PROPOSED = 4;
/** Share of the objective by which another source has to be better: rounding is no reason. */
const CLEARLY = 1e-9;

/**
 * The proposals of other sources, as good as a share of the budget makes them: the best by the evaluator improved by local search,
 * mended when it breaks a limit, its calls steered when the plan's are.
 */
export function contenders(
  evaluator: Evaluator,
  proposed: readonly Candidate[],
  options: PlanOptions,
  joint: boolean,
  fixed?: Int32Array,
): Judged[] {
  const { instance, objective } = evaluator;
  const budgetMs = options.budgetMs * SHARE;
  const starts = proposed
    .map((one) => ({ one, value: evaluator.value(one.assign) }))
    .toSorted((a, b) => a.value - b.value)
    .slice(0, AS_PROPOSED)
    .map(({ one }) => one);
  const [start] = starts;
  if (start === undefined) return [];
  const evaluations = Math.min(Math.floor(budgetMs * evaluationsPerMs(evaluator)), ENOUGH * instance.tasks);
  const { assign } = localSearch(evaluator, start.assign, evaluations, -Infinity, fixed);
  const improved = { ...start, method: `${start.method}+local`, assign };
  const judged = [improved, ...starts].map((c): Judged => ({ ...c, judgement: judge(instance, c.assign) }));
  const effort = { ...options, budgetMs };
  const [first] = judged.toSorted((a, b) => compareJudged(objective, a.judgement, b.judgement));
  const last = first === undefined ? undefined : mended(evaluator, first, effort, fixed);
  // What mending gives is still what the trace led to.
  if (last !== undefined) judged.push({ ...first, ...last });
  if (joint) judged.push(...jointly(evaluator, judged, effort, fixed));
  return judged;
}

/** The best of all by the objective, the others behind it; a contender is best only when it is strictly better than all own candidates. */
export function ranked(
  { objective }: Evaluator,
  own: readonly Judged[],
  others: readonly Judged[],
): readonly Judged[] {
  const order = (a: Judged, b: Judged): number => compareJudged(objective, a.judgement, b.judgement);
  const [mine] = own.toSorted(order);
  const [theirs] = others.toSorted(order);
  // Sorting is stable: of equal plans the one of the earlier source is taken.
  const all = [...own, ...others].toSorted(order);
  if (mine === undefined || theirs === undefined) return all;
  const less = wrongness(theirs.judgement) - wrongness(mine.judgement);
  const cost = objectiveOf(objective, mine.judgement);
  const better =
    less < 0 || (less === 0 && objectiveOf(objective, theirs.judgement) < cost - CLEARLY * Math.abs(cost));
  const best = better ? theirs : mine;
  return [best, ...all.filter((one) => one !== best)];
}
