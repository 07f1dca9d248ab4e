import { LABELS, PLACEMENT_GATE } from '#crds/meta.ts';
import type { KubePod } from '#crds/node.ts';
import { keyOf } from '#world/objects.ts';

/** Whose replica a pod is. */
export interface Membership {
  /** `namespace/name` of the ServiceDAG. */
  readonly dag: string;
  readonly microservice: string;
  readonly region: string;
}

/** Whose replica a pod is; undefined when it is none of ours. */
export function membershipOf(pod: KubePod): Membership | undefined {
  const labels = pod.metadata.labels ?? {};
  const [dag, microservice, region] = [
    labels[LABELS.dag],
    labels[LABELS.microservice],
    labels[LABELS.region],
  ];
  if (dag === undefined || microservice === undefined || region === undefined) return undefined;
  return { dag: `${pod.metadata.namespace ?? 'default'}/${dag}`, microservice, region };
}

/** `namespace/dag/microservice`: pods of one template. */
export const templateKey = ({ dag, microservice }: Membership): string => `${dag}/${microservice}`;

/** Whether a pod waits for a decision of ours: gated, not bound, not on its way out. */
export function isGated(pod: KubePod): boolean {
  const { spec, metadata } = pod;
  if (spec.nodeName !== undefined || metadata.deletionTimestamp !== undefined) return false;
  return spec.schedulingGates?.some((gate) => gate.name === PLACEMENT_GATE) === true;
}

/** The region of a pod that waits for us; undefined for every other pod. */
export const gatedRegion = (pod: KubePod): string | undefined =>
  isGated(pod) ? membershipOf(pod)?.region : undefined;

/** Pods in the order in which they are decided: oldest first, then by name. */
export function oldestFirst(pods: readonly KubePod[]): KubePod[] {
  const rank = (pod: KubePod): string => `${pod.metadata.creationTimestamp ?? ''} ${keyOf(pod)}`;
  return pods
    .map((pod) => ({ pod, rank: rank(pod) }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0))
    .map(({ pod }) => pod);
}
