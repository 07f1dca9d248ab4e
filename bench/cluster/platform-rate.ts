import { setTimeout as sleep } from 'node:timers/promises';
import type { KubePod } from '#crds/node.ts';
import type { LocalCluster } from '#hack/control-plane/local-cluster.ts';
import { DEPLOYMENT, POD, SERVICE } from '#kube/kinds.ts';
import type { KubeObject } from '#kube/object.ts';
import { Transport } from '#kube/transport.ts';
import { WAIT_MS, bound, gated } from './load.ts';
import type { Load } from './load.ts';
import { PodWatch } from './pod-watch.ts';

const LABEL = 'bench-platform';
const GATE = 'bench.example/hold';
/** Patches on their way at a time. */
const AT_ONCE = 16;

/** A Deployment of gated pods for the stock scheduler, and the Service in front of it. */
function objects(name: string, replicas: number): [KubeObject, KubeObject] {
  const labels = { [LABEL]: name };
  const resources = { requests: { cpu: '200m', memory: '64Mi' } };
  const containers = [{ name: 'main', image: 'demo:1', resources }];
  const template = { metadata: { labels }, spec: { schedulingGates: [{ name: GATE }], containers } };
  const metadata = { name, namespace: 'default', labels };
  return [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas, selector: { matchLabels: labels }, template } }, // prettier-ignore
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: [{ port: 80 }] } },
  ] as unknown as [KubeObject, KubeObject];
}

/**
 * What the servers can do without us at that moment: as many pods in as many Deployments, their gates opened as fast as the API
 * server takes patches that say nothing else, bound by the stock scheduler. Pods per second, from the first patch to the last binding.
 */
export async function platformRate(
  cluster: LocalCluster,
  { dags, services, replicas }: Load,
): Promise<number> {
  const transport = await Transport.fromKubeConfigFile(cluster.kubeconfig);
  const watch = await PodWatch.open(cluster, LABEL);
  const names = Array.from({ length: dags * services }, (_, i) => `platform-${i}`);
  const count = names.length * replicas;
  const all = (pods: readonly KubePod[], test: (pod: KubePod) => boolean): boolean =>
    pods.filter(test).length === count;
  try {
    for (const [deployment, service] of names.map((name) => objects(name, replicas))) {
      await transport.create(DEPLOYMENT, deployment);
      await transport.create(SERVICE, service);
    }
    await watch.until(`${count} pods wait`, WAIT_MS, (pods) => all(pods, gated));
    await sleep(1_000);
    const waiting = watch.pods().map(({ metadata }) => metadata.name);
    const open = async (): Promise<void> => {
      for (let name = waiting.pop(); name !== undefined; name = waiting.pop())
        await transport.patchJson(POD, name, 'default', [{ op: 'remove', path: '/spec/schedulingGates' }]);
    };
    const from = performance.now();
    await Promise.all(Array.from({ length: AT_ONCE }, open));
    await watch.until(`${count} pods are bound`, WAIT_MS, (pods) => all(pods, bound));
    const seconds = (performance.now() - from) / 1000;
    for (const name of names) {
      await transport.delete(DEPLOYMENT, name, 'default', { propagationPolicy: 'Background' });
      await transport.delete(SERVICE, name, 'default');
    }
    await watch.until('they are gone', WAIT_MS, (pods) => pods.length === 0);
    return count / seconds;
  } finally {
    await watch.close();
    await transport.close();
  }
}
