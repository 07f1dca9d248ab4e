import type { Evaluator, Objective } from '#world/evaluator.ts';
import type { Instance } from '#world/instance.ts';
import type { Judgement } from '#world/judge.ts';
import { canSteer, judgeSteered, SteeredEvaluator } from '#world/steered.ts';
import type { Judged } from './mend.ts';
import { localSearch } from './search/local-search.ts';
import { compareJudged, judgementsPerMs, objectiveOf, refine, wrongness } from './search/refine.ts';
import { evaluationsPerMs } from './sources.ts';

/** Placements that are judged with steered calls before the search goes on from the best of them. */
const STARTS = 3;
/** Share of the budget of the search that sees steered calls, and of its refinement beside all reservations. */
const SEARCH = 0.5;
const IMPROVE = 0.25;
/** How many plain evaluations one with steered calls costs. */
const DEARER = 4;
/** How many plain judgements a steered one costs. */
const DEARER_JUDGED = 3;
/**
 * Share of the objective that a placement found for steered calls has to save: one that is good for even shares too is better off
 * when there are more calls than were known.
 */
const GAIN = 0.02;
/** Evaluations for each replica after which nothing more is found. */
const ENOUGH = 400;

/** What is asked of a joint search. */
interface Effort {
  readonly objective: Objective;
  readonly budgetMs: number;
}

/** Judges placements with their calls steered where that is better by the objective. */
export const judgeJointly =
  (instance: Instance, objective: Objective) =>
  (assign: Int32Array): Judgement =>
    judgeSteered(instance, assign, (a, b) => compareJudged(objective, a, b));

/**
 * Placement and flow fractions together: the best placements found for even shares, their calls steered, and what a search that
 * sees steered calls finds from there. Only those whose calls are steered to advantage; none when there is nothing to choose.
 * What was judged evenly stays a candidate beside them, so the plan is never worse than placement first and even shares after.
 */
export function jointly(
  { instance }: Evaluator,
  judged: readonly Judged[],
  { objective, budgetMs }: Effort,
  fixed?: Int32Array,
): Judged[] {
  if (!canSteer(instance)) return [];
  const order = (a: Judged, b: Judged): number => compareJudged(objective, a.judgement, b.judgement);
  const say = judgeJointly(instance, objective);
  const steered = judged
    .toSorted(order)
    .slice(0, STARTS)
    .map((one): Judged => ({ ...one, method: `${one.method}+steered`, judgement: say(one.assign) }));
  const [start] = steered.toSorted(order);
  if (start === undefined) return [];
  const evaluator = new SteeredEvaluator(instance, objective);
  const most = Math.floor((budgetMs * SEARCH * evaluationsPerMs(evaluator)) / DEARER);
  const { assign } = localSearch(
    evaluator,
    start.assign,
    Math.min(most, ENOUGH * instance.tasks),
    -Infinity,
    fixed,
  );
  const found = { ...start, method: 'joint', assign, judgement: say(assign) };
  const [best = found] = [found, ...steered].toSorted(order);
  const judgements = Math.floor((budgetMs * IMPROVE * judgementsPerMs(instance)) / DEARER_JUDGED);
  const contended = instance.edges.some(({ bps }) => bps > 0);
  const last = contended ? refine(instance, best, objective, judgements, fixed, say) : best;
  const refined = last === best ? [] : [{ ...best, ...last, method: `${best.method}+refined` }];
  const pays = ({ judgement }: Judged): boolean =>
    wrongness(judgement) < wrongness(start.judgement) ||
    objectiveOf(objective, judgement) < (1 - GAIN) * objectiveOf(objective, start.judgement);
  return [...[...refined, found].filter(pays), ...steered].filter(
    ({ judgement }) => judgement.fractions !== undefined,
  );
}
