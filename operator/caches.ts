import { LABELS } from '#crds/meta.ts';
import { systemClock } from '#kube/clock.ts';
import { DEPLOYMENT, LEASE, NODE, POD, SERVICE } from '#kube/kinds.ts';
import type { Kind } from '#kube/kinds.ts';
import type { Part } from '#kube/main.ts';
import type { KubeObject } from '#kube/object.ts';
import type { Store } from '#kube/store.ts';
import type { Transport } from '#kube/transport.ts';
import { watchKind } from '#kube/watch.ts';
import { DEPLOYMENTPLAN, EDGEREGION, SERVICEDAG } from './kinds.ts';
import type {
  CachedDag,
  CachedNode,
  CachedPlan,
  CachedPod,
  CachedRegion,
  Deployment,
  Lease,
  Service,
} from './objects.ts';

/** `namespace/dag` of an object that carries our label; nothing for others. */
export function dagKeyOf(object: KubeObject): string[] {
  const dag = object.metadata.labels?.[LABELS.dag];
  return dag === undefined ? [] : [`${object.metadata.namespace ?? 'default'}/${dag}`];
}

/** Index under which labelled objects are found by their ServiceDAG. */
export const BY_DAG = 'dag';

/** Everything the operator reads, in memory. */
export class Caches {
  readonly dags: Store<CachedDag>;
  readonly regions: Store<CachedRegion>;
  readonly plans: Store<CachedPlan>;
  readonly nodes: Store<CachedNode>;
  readonly pods: Store<CachedPod>;
  readonly deployments: Store<Deployment>;
  readonly services: Store<Service>;
  readonly leases: Store<Lease>;
  readonly #parts: Part[] = [];
  readonly #stores: Store<KubeObject>[] = [];

  constructor(transport: Transport, namespace: string, onRestart: (kind: string, reason: string) => void) {
    const watch = <T extends KubeObject>(
      kind: Kind,
      options: { labelSelector?: string; namespace?: string } = {},
    ): Store<T> => {
      const watched = watchKind<T>(transport, kind, {
        ...options,
        onRestart: (reason) => onRestart(kind.kind, reason),
      });
      this.#parts.push((signal) => watched.run(signal));
      this.#stores.push(watched.store as unknown as Store<KubeObject>);
      return watched.store;
    };
    const ours = { labelSelector: LABELS.dag };
    this.dags = watch<CachedDag>(SERVICEDAG);
    this.regions = watch<CachedRegion>(EDGEREGION);
    this.plans = watch<CachedPlan>(DEPLOYMENTPLAN);
    this.nodes = watch<CachedNode>(NODE);
    this.pods = watch<CachedPod>(POD);
    this.deployments = watch<Deployment>(DEPLOYMENT, ours);
    this.services = watch<Service>(SERVICE, ours);
    this.leases = watch<Lease>(LEASE, { namespace });
    for (const store of [this.plans, this.pods, this.deployments, this.services]) {
      (store as unknown as Store<KubeObject>).addIndex(BY_DAG, dagKeyOf);
    }
  }

  /** The watches, to be run. */
  parts(): readonly Part[] {
    return this.#parts;
  }

  /** Why nothing should be decided from the caches, or undefined: not filled yet, or the server silent for too long. */
  doubt(staleMs: number): string | undefined {
    if (this.#stores.some((store) => !store.hasSynced)) return 'the caches are not filled yet';
    const now = systemClock.now();
    const silent = Math.max(...this.#stores.map((store) => store.staleMs(now)));
    return silent > staleMs ? `the API server has been silent for ${Math.round(silent / 1000)} s` : undefined;
  }

  /** Resolves when every list is in, or when the signal aborts. */
  async synced(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = (): void => resolve();
    if (signal.aborted) return;
    signal.addEventListener('abort', stop, { once: true });
    await Promise.race([promise, Promise.all(this.#stores.map((store) => store.synced))]);
    signal.removeEventListener('abort', stop);
  }
}
