import type { Evaluator, Objective } from '#world/evaluator.ts';
import { judge } from '#world/judge.ts';
import type { Judgement } from '#world/judge.ts';
import { exhaustive } from './search/exhaustive.ts';
import { judgementsPerMs, refine } from './search/refine.ts';
import { evaluationsPerMs } from './sources.ts';
import type { Candidate, SourceName } from './sources.ts';

/** A candidate and what the world model says of it. */
export interface Judged extends Candidate {
  readonly judgement: Judgement;
}

/** How hard to try, and for what. */
interface Effort {
  readonly objective: Objective;
  readonly budgetMs: number;
  readonly planner: SourceName;
}

/**
 * Shares of the budget: of mending a placement that breaks a limit (to say that nothing is feasible is worth more time than to
 * find something a little better), and of improving one whose flows are in each other's way.
 */
const MEND = 4;
const IMPROVE = 0.25;

/**
 * The best candidate once more with exact routing where that can help: when it is wrong, or when edges reserve bandwidth. The
 * other planners are yardsticks: they are mended but not improved, and the default scheduler's choice is left as it is.
 */
export function mended(
  evaluator: Evaluator,
  best: Judged,
  { budgetMs, objective, planner }: Effort,
  fixed?: Int32Array,
): Judged | undefined {
  const { instance } = evaluator;
  const wrong = !best.judgement.feasible;
  const improvable =
    planner === 'search' && best.exact !== true && instance.edges.some((edge) => edge.bps > 0);
  if (planner === 'default-scheduler' || (!wrong && !improvable)) return undefined;
  const judgements = (share: number): number => Math.floor(budgetMs * share * judgementsPerMs(instance));
  let hopeless = false;
  if (wrong) {
    const steps = Math.floor(budgetMs * MEND * evaluationsPerMs(evaluator));
    const all = exhaustive(evaluator, steps, judgements(MEND), fixed);
    if (all.best !== undefined) {
      const judgement = judge(instance, all.best);
      return { method: 'exhaustive', assign: all.best, judgement, repaired: true };
    }
    // All that is left to find is a placement that is less wrong, which says better what to mend.
    hopeless = all.proven;
  }
  const effort = judgements(wrong && !hopeless ? MEND : IMPROVE);
  const { assign, judgement } = refine(instance, best, objective, effort, fixed);
  if (judgement === best.judgement) return undefined;
  return { method: `${best.method}+refined`, assign, judgement, repaired: wrong && judgement.feasible };
}
