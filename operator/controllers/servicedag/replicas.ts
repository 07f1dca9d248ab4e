import { instanceOf, UnknownReference } from '#world/instance.ts';
import { scaledCounts } from '#world/scaling.ts';
import type { Counts } from '#world/scaling.ts';
import type { Snapshot } from '#world/snapshot.ts';
import type { CachedDag, CachedPlan } from '../../objects.ts';
import type { Need } from './attempt.ts';

/** The least that a spec asks for. */
export const leastCounts = (dag: CachedDag): Counts =>
  Object.fromEntries(dag.spec.microservices.map(({ name, replicas }) => [name, replicas.min]));

/** Replicas of each microservice: those of the plan in force within the limits of the spec, the least before there is one. Pure. */
export function plannedCounts(dag: CachedDag, plan: CachedPlan | undefined): Counts {
  const all = plan?.spec.regions.flatMap(({ assignments }) => assignments) ?? [];
  return Object.fromEntries(
    dag.spec.microservices.map(({ name, replicas: { min, max = min } }) => {
      const planned = all.filter(({ microservice }) => microservice === name).length;
      return [name, Math.min(max, Math.max(min, planned))];
    }),
  );
}

/**
 * What the scaling law wants for the requests in the DAG's ingress, which are those that are measured; undefined where `replicas.max` leaves
 * nothing to choose, or a region is gone. Pure.
 */
export function measuredCounts(
  snapshot: Snapshot,
  dag: CachedDag,
  plan: CachedPlan | undefined,
): Counts | undefined {
  const isFree = dag.spec.microservices.some(({ replicas: { min, max = min } }) => max > min);
  if (!isFree) return undefined;
  try {
    return scaledCounts(instanceOf(snapshot, dag), plannedCounts(dag, plan));
  } catch (error) {
    if (error instanceof UnknownReference) return undefined;
    throw error;
  }
}

/** Whether the load wants more of some microservice than there are. */
export const outgrows = (wanted: Counts | undefined, planned: Counts): boolean =>
  Object.entries(wanted ?? {}).some(([name, count]) => count > (planned[name] ?? 0));

/** What is asked for where there is no room for what is wished for: as many as the plan in force has, then the least. Pure. */
export function fewerCounts(dag: CachedDag, plan: CachedPlan | undefined, wished: Counts): Counts[] {
  const planned = plannedCounts(dag, plan);
  const least = leastCounts(dag);
  return [
    ...(outgrows(wished, planned) ? [planned] : []),
    ...(outgrows(wished, least) && outgrows(planned, least) ? [least] : []),
  ];
}

/**
 * Replicas to ask a plan for: more as soon as the load wants them, fewer only when a plan's window is over. Without measurements
 * as many as there are. Pure.
 */
export function countsFor(why: Need, wanted: Counts | undefined, planned: Counts): Counts {
  if (wanted === undefined) return planned;
  return Object.fromEntries(
    Object.entries(planned).map(([name, count]) => {
      const law = wanted[name] ?? count;
      return [name, why === 'WindowOver' ? law : Math.max(law, count)];
    }),
  );
}
