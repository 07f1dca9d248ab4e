import type { DeploymentPlan } from '#crds/deploymentplan.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { keyOf } from '#world/objects.ts';

const over = new Set(['Superseded', 'Rejected']);

/** The newest plan of each DAG that is neither superseded nor rejected, nor made for an earlier DAG of that name. */
export function plansInForce(
  plans: readonly DeploymentPlan[],
  dags: readonly ServiceDAG[],
): Map<string, DeploymentPlan> {
  const uids = new Map(dags.map((dag) => [keyOf(dag), dag.metadata.uid]));
  const inForce = new Map<string, DeploymentPlan>();
  for (const plan of plans) {
    const key = `${plan.metadata.namespace ?? 'default'}/${plan.spec.dag.name}`;
    if (!uids.has(key) || over.has(plan.status?.phase ?? '')) continue;
    if (plan.metadata.deletionTimestamp !== undefined) continue;
    const { uid } = plan.spec.dag;
    if (uid !== undefined && uids.get(key) !== undefined && uid !== uids.get(key)) continue;
    const before = inForce.get(key);
    if (before === undefined || newer(plan, before)) inForce.set(key, plan);
  }
  return inForce;
}

const newer = (a: DeploymentPlan, b: DeploymentPlan): boolean =>
  a.spec.window !== b.spec.window ? a.spec.window > b.spec.window : a.metadata.name > b.metadata.name;
