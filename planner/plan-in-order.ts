import type { ServiceDAG } from '#crds/servicedag.ts';
import { withClaim } from '#world/snapshot.ts';
import type { Snapshot } from '#world/snapshot.ts';
import { documentOf } from './document.ts';
import type { PlanDocument } from './document.ts';
import { planDag } from './plan.ts';
import type { PlanOptions } from './plan-options.ts';

/**
 * Plans DAGs one after another, each on what the earlier ones left; an infeasible one holds nothing. `elapsed` gives
 * microseconds since some start: time is the caller's. Also returns the world in which all feasible plans are held.
 */
export async function planInOrder(
  snapshot: Snapshot,
  dags: readonly ServiceDAG[],
  options: PlanOptions,
  elapsed: () => number,
): Promise<{ documents: PlanDocument[]; after: Snapshot }> {
  const documents: PlanDocument[] = [];
  let world = snapshot;
  for (const dag of dags) {
    const before = elapsed();
    const plan = await planDag(world, dag, options);
    if (plan.feasible && plan.best !== undefined) world = withClaim(world, plan.best.claim);
    documents.push(documentOf(plan, elapsed() - before));
  }
  return { documents, after: world };
}
