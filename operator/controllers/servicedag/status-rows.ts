import { LABELS } from '#crds/meta.ts';
import type { ServiceDAGStatus } from '#crds/servicedag.ts';
import type { CachedPlan, CachedPod } from '../../objects.ts';
import { isReady } from '../../readiness.ts';
import { replicasByRegion } from './render.ts';

/** Replicas of each microservice in each region. */
export type Rows = NonNullable<ServiceDAGStatus['microservices']>;

/** The schema takes no more rows than this. */
export const MOST_ROWS = 1024;
/** Nor more nodes in one of them. */
const MOST_NODES = 256;

/** Replicas of each microservice in each region: wanted by the plan, bound, and ready. */
export function microserviceRows(plan: CachedPlan, pods: readonly CachedPod[]): Rows {
  return replicasByRegion(plan).map(({ microservice, region, replicas }) => {
    const own = pods.filter(
      (pod) =>
        pod.metadata.labels?.[LABELS.microservice] === microservice &&
        pod.metadata.labels[LABELS.region] === region,
    );
    const bound = own.filter((pod) => pod.spec.nodeName !== undefined);
    const nodes = [...new Set(bound.map((pod) => pod.spec.nodeName ?? ''))].toSorted();
    return {
      name: microservice,
      region,
      desired: replicas,
      placed: bound.length,
      ready: bound.filter(isReady).length,
      nodes: nodes.slice(0, MOST_NODES),
    };
  });
}
