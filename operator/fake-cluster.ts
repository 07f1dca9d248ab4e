import { setTimeout as sleep } from 'node:timers/promises';
import { PLACEMENT_GATE } from '#crds/meta.ts';
import type { FakeApiServer } from '#kube/fake-apiserver.ts';
import { DEPLOYMENT, POD } from '#kube/kinds.ts';
import type { KubeObject } from '#kube/object.ts';
import type { CachedPod, Deployment } from './objects.ts';

interface Template {
  readonly metadata: {
    readonly labels: Record<string, string>;
    readonly annotations: Record<string, string>;
  };
  readonly spec: CachedPod['spec'];
}

/** Test support: what Kubernetes and the agents do with Deployments: pods are made, decided for, bound, ready and removed. */
export class FakeCluster {
  readonly #server: FakeApiServer;
  /** Node for a gated pod; undefined leaves it waiting. */
  readonly #choose: (pod: CachedPod) => string | undefined;
  #serial = 0;

  constructor(server: FakeApiServer, choose: (pod: CachedPod) => string | undefined) {
    this.#server = server;
    this.#choose = choose;
  }

  /** Pods that are there. */
  pods(): CachedPod[] {
    return this.#server.objects<CachedPod>(POD);
  }

  /** One round of the Deployment controller, the agents, the scheduler and the kubelets. */
  round(): void {
    const deployments = this.#server.objects<Deployment>(DEPLOYMENT);
    const live = new Set(deployments.map((deployment) => deployment.metadata.uid));
    for (const pod of this.pods()) {
      const owner = pod.metadata.ownerReferences?.[0]?.uid;
      if (owner !== undefined && !live.has(owner)) this.#server.remove(POD, `default/${pod.metadata.name}`);
    }
    for (const deployment of deployments) this.#fill(deployment);
    for (const pod of this.pods()) this.#place(pod);
  }

  /** Rounds until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.round();
      await sleep(10);
    }
  }

  #fill(deployment: Deployment): void {
    const { uid = '', name } = deployment.metadata;
    const own = this.pods().filter((pod) => pod.metadata.ownerReferences?.[0]?.uid === uid);
    for (const extra of own.slice(deployment.spec.replicas))
      this.#server.remove(POD, `default/${extra.metadata.name}`);
    const { metadata, spec } = deployment.spec.template as Template;
    for (let i = own.length; i < deployment.spec.replicas; i++) {
      const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name, uid, controller: true }];
      this.#put({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...metadata, name: `${name}-${this.#serial++}`, namespace: 'default', ownerReferences },
        spec,
        status: { phase: 'Pending' },
      });
    }
  }

  #place(pod: CachedPod): void {
    if (pod.spec.nodeName !== undefined) return;
    const gated = pod.spec.schedulingGates?.some((gate) => gate.name === PLACEMENT_GATE) === true;
    const nodeName = this.#choose(pod);
    if (nodeName === undefined || !gated) return;
    const { schedulingGates: _opened, ...spec } = pod.spec;
    this.#put({
      ...pod,
      spec: { ...spec, nodeName },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    });
  }

  #put(pod: CachedPod): void {
    this.#server.put<KubeObject>(POD, pod);
  }
}
