import { setTimeout as sleep } from 'node:timers/promises';
import type { KubePod } from '#crds/node.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import type { LocalCluster } from '../control-plane/local-cluster.ts';

/** A condition did not come true in time. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';
}

/** Asks until `done` gives something; throws `TimedOut` with the last thing `describe` said. */
export async function until<T>(
  what: string,
  timeoutMs: number,
  done: () => Promise<T | undefined>,
  describe: () => string = () => '',
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    const found = await done();
    if (found !== undefined) return found;
    await sleep(40);
  }
  throw new TimedOut(`${what}: not within ${timeoutMs / 1000} s. ${describe()}`.trim());
}

/** Pods of a namespace, optionally those that carry a label (`key=value`). */
export async function podsOf(cluster: LocalCluster, namespace: string, selector = ''): Promise<KubePod[]> {
  const query = selector === '' ? '' : `?labelSelector=${encodeURIComponent(selector)}`;
  const list = await cluster.api.get<{ items: KubePod[] }>(`/api/v1/namespaces/${namespace}/pods${query}`);
  return list.items.filter((pod) => pod.metadata.deletionTimestamp === undefined);
}

/** A ServiceDAG with its status. */
export function readDag(cluster: LocalCluster, namespace: string, name: string): Promise<ServiceDAG> {
  return cluster.api.get<ServiceDAG>(
    `/apis/edgeloom.dev/v1alpha1/namespaces/${namespace}/servicedags/${name}`,
  );
}

/** A condition of a ServiceDAG; `Unknown` when nobody has written it yet. */
export function conditionOf(
  dag: ServiceDAG,
  type: string,
): { status: string; reason: string; message: string } {
  const found = dag.status?.conditions?.find((condition) => condition.type === type);
  return found ?? { status: 'Unknown', reason: 'NotYet', message: '' };
}
