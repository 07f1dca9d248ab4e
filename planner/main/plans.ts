import { UnknownReference } from '#world/instance.ts';
import { keyOf } from '#world/objects.ts';
import type { Objects } from '#world/objects.ts';
import { snapshotOf } from '#world/snapshot.ts';
import { documentOf } from '../document.ts';
import type { PlanDocument } from '../document.ts';
import { EASE, PLAN_DEFAULTS } from '../plan-options.ts';
import { planDag } from '../plan.ts';
import type { SourceName } from '../sources.ts';
import type { Recall } from '../recall.ts';
import type { BodyProblem, PlanRequest } from './request.ts';

/** What became of a request for a plan. */
export type PlanAnswer =
  | { readonly kind: 'plan'; readonly document: PlanDocument }
  | { readonly kind: 'unknown'; readonly message: string }
  | { readonly kind: 'refused'; readonly problems: readonly BodyProblem[] };

/** Plans what is asked, with the memory when there is one. The search gets at most half of the deadline; the rest is for reading, judging and the way back. */
export async function answerPlan(
  request: PlanRequest,
  elapsed: () => number,
  recallIn?: (objects: Objects) => Recall,
): Promise<PlanAnswer> {
  const objects: Objects = request.objects;
  const { keep, moves, ranks, objective } = request;
  const at = objects.dags.findIndex((candidate) => keyOf(candidate) === request.dag);
  const dag = objects.dags[at];
  if (dag === undefined) {
    const known = objects.dags.map(keyOf).join(', ') || 'none';
    return { kind: 'unknown', message: `no ServiceDAG ${request.dag} in objects.dags; found: ${known}` };
  }
  const budgetMs = Math.min(request.budgetMs ?? PLAN_DEFAULTS.budgetMs, request.deadlineMs / 2);
  const planner = request.planner as SourceName;
  const recalling = recallIn === undefined ? {} : { recall: recallIn(objects) };
  try {
    const least = new Map(dag.spec.microservices.map((m) => [m.name, m.replicas.min]));
    const replicas = (name: string): number => request.replicas[name] ?? least.get(name) ?? 1;
    const options = { keep, replicas, moves, ranks, objective, planner, budgetMs, ease: EASE, ...recalling };
    const plan = await planDag(snapshotOf(objects), dag, options);
    return { kind: 'plan', document: documentOf(plan, elapsed()) };
  } catch (error) {
    if (!(error instanceof UnknownReference)) throw error;
    return {
      kind: 'refused',
      problems: [{ field: `objects.dags[${at}].${error.field}`, message: error.message }],
    };
  }
}
