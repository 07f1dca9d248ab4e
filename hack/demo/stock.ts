import type { KubePod } from '#crds/node.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { LABELS } from '#crds/meta.ts';
import type { LocalCluster } from '../control-plane/local-cluster.ts';
import { podsOf, until } from './observe.ts';

const NAMESPACE = 'stock';
const BOUND_MS = 60_000;

/**
 * Places the same applications with the stock default scheduler on the same, empty nodes: ordinary Deployments with each
 * microservice's own template. Returns the bound pods of each application and removes everything again.
 */
export async function placeWithDefaultScheduler(
  cluster: LocalCluster,
  dags: readonly ServiceDAG[],
): Promise<Map<string, KubePod[]>> {
  await cluster.api.create('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  });
  const placed = new Map<string, KubePod[]>();
  for (const dag of dags) {
    for (const deployment of deploymentsOf(dag)) {
      await cluster.api.create(`/apis/apps/v1/namespaces/${NAMESPACE}/deployments`, deployment);
    }
    const wanted = dag.spec.microservices.reduce((sum, m) => sum + m.replicas.min, 0);
    const pods = await until(`the default scheduler binds ${dag.metadata.name}`, BOUND_MS, async () => {
      const found = await podsOf(cluster, NAMESPACE, `${LABELS.dag}=${dag.metadata.name}`);
      const bound = found.filter((pod) => pod.spec.nodeName !== undefined);
      return bound.length === wanted ? bound : undefined;
    });
    placed.set(dag.metadata.name, pods);
  }
  await cluster.api.send('DELETE', `/api/v1/namespaces/${NAMESPACE}`);
  await until('the default scheduler’s pods are gone', BOUND_MS, async () => {
    const { items } = await cluster.api.get<{ items: unknown[] }>(`/api/v1/namespaces/${NAMESPACE}/pods`);
    return items.length === 0 ? true : undefined;
  });
  return placed;
}

function deploymentsOf(dag: ServiceDAG): object[] {
  return dag.spec.microservices.map((service) => {
    const labels = { [LABELS.dag]: dag.metadata.name, [LABELS.microservice]: service.name };
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: `${dag.metadata.name}-${service.name}`, namespace: NAMESPACE },
      spec: {
        replicas: service.replicas.min,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: service.template.spec },
      },
    };
  });
}
