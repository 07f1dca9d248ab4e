import { LABELS } from '#crds/meta.ts';
import type { KubePod } from '#crds/node.ts';
import type { LocalCluster } from '#hack/control-plane/local-cluster.ts';
import { POD } from '#kube/kinds.ts';
import type { KubeObject } from '#kube/object.ts';
import { Transport } from '#kube/transport.ts';
import { watchKind } from '#kube/watch.ts';

/** Pods of all ServiceDAGs (or of another label) as one watch shows them: listing them again and again would load the server that is measured. */
export class PodWatch {
  readonly #transport: Transport;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #watched;

  private constructor(transport: Transport, labelSelector: string) {
    this.#transport = transport;
    this.#watched = watchKind<KubePod & KubeObject>(transport, POD, { labelSelector });
    this.#running = this.#watched.run(this.#stop.signal);
  }

  /** Starts watching; resolves after the first list. */
  static async open(cluster: LocalCluster, labelSelector: string = LABELS.dag): Promise<PodWatch> {
    const watch = new PodWatch(await Transport.fromKubeConfigFile(cluster.kubeconfig), labelSelector);
    await watch.#watched.ready();
    return watch;
  }

  /** Pods that are not being deleted. */
  pods(): KubePod[] {
    return this.#watched.store.list().filter((pod) => pod.metadata.deletionTimestamp === undefined);
  }

  /** Resolves at the change that makes `done` true. */
  async until(what: string, timeoutMs: number, done: (pods: readonly KubePod[]) => boolean): Promise<void> {
    if (done(this.pods())) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`${what}: not within ${timeoutMs / 1000} s`)), timeoutMs);
    const hangUp = this.#watched.store.subscribe(() => {
      if (done(this.pods())) resolve();
    });
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      hangUp();
    }
  }

  /** Ends the watch. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running.catch(() => undefined);
    await this.#transport.close();
  }
}
