import type { KubePod } from '#crds/node.ts';
import type { KubeObject } from '#kube/object.ts';
import { keyOf } from '#kube/object.ts';
import { isGated } from '../gated.ts';

/** A pod as the cache holds it. */
export type CachedPod = KubePod & KubeObject;

/**
 * Pins that are on their way, or that the watch has not shown yet: until it does, the next round must see them as done. What
 * the cache says of a pod wins as soon as its gate is open there, or it is another pod.
 */
export class Assumed {
  readonly #pods = new Map<string, CachedPod>();
  #version = 0;

  /** Changes whenever what is assumed does. */
  get version(): number {
    return this.#version;
  }

  /** From now on the pod counts as pinned. */
  add(pod: CachedPod): void {
    this.#pods.set(keyOf(pod), pod);
    this.#version++;
  }

  /** The pin did not come to be. */
  forget(pod: KubeObject): void {
    if (this.#pods.delete(keyOf(pod))) this.#version++;
  }

  /** Whether a cached pod is assumed to be pinned. */
  has(pod: CachedPod): boolean {
    return this.#pods.get(keyOf(pod))?.metadata.uid === pod.metadata.uid;
  }

  /** The pods with what is assumed of them; forgets what the cache has caught up with. */
  over(pods: readonly CachedPod[], get: (key: string) => CachedPod | undefined): readonly CachedPod[] {
    for (const [key, pod] of this.#pods) {
      const now = get(key);
      if (now !== undefined && now.metadata.uid === pod.metadata.uid && isGated(now)) continue;
      this.#pods.delete(key);
      this.#version++;
    }
    if (this.#pods.size === 0) return pods;
    return pods.map((pod) => (isGated(pod) ? (this.#pods.get(keyOf(pod)) ?? pod) : pod));
  }
}
