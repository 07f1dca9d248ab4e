/** What the cluster's benches share: words on stderr, pods, objects. */
import { LABELS } from '#crds/meta.ts';
import type { KubePod } from '#crds/node.ts';
import type { LocalCluster } from '#hack/control-plane/local-cluster.ts';
import { wantsJson } from '../arguments.ts';

/** A load of 200 pods: how many DAGs of how many microservices with how many replicas each. */
export interface Load {
  /** Start of its figures' names. */
  readonly figure: string;
  readonly goal: string;
  readonly dags: number;
  readonly services: number;
  readonly replicas: number;
}

/** How long anything may take. */
export const WAIT_MS = 120_000;

/** A line for the person who waits; silent when a document was asked for. */
export const say = (line: string): void => {
  if (!wantsJson()) process.stderr.write(`  ${line}\n`);
};

/** Pods of ours that are not on their way out. */
export const allPods = async (cluster: LocalCluster): Promise<KubePod[]> => {
  const list = await cluster.api.get<{ items: KubePod[] }>(
    `/api/v1/pods?labelSelector=${encodeURIComponent(LABELS.dag)}`,
  );
  return list.items.filter((pod) => pod.metadata.deletionTimestamp === undefined);
};
/** Whether a pod waits behind a gate. */
export const gated = (pod: KubePod): boolean => (pod.spec.schedulingGates ?? []).length > 0;
/** Whether a pod has a node. */
export const bound = (pod: KubePod): boolean => pod.spec.nodeName !== undefined;

/** Creates EdgeRegions and ServiceDAGs. */
export async function post(cluster: LocalCluster, ...objects: object[]): Promise<void> {
  for (const object of objects) {
    const { kind } = object as { kind: string };
    const path = kind === 'EdgeRegion' ? 'edgeregions' : 'namespaces/default/servicedags';
    await cluster.api.create(`/apis/edgeloom.dev/v1alpha1/${path}`, object);
  }
}
