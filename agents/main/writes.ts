import { ApiError } from '#kube/api-error.ts';
import { POD } from '#kube/kinds.ts';
import type { Transport } from '#kube/transport.ts';
import type { Pin } from '../decision.ts';
import { pinPatch } from '../patch.ts';
import type { CachedPod } from './assumed.ts';
import type { Limiter } from './limiter.ts';

/** How a write ended. `outdated`: somebody else acted first, or the pod is gone; our picture will follow. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'outdated'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

const OUTDATED = new Set([404, 409, 422]);

async function outcomeOf(write: () => Promise<unknown>): Promise<Outcome> {
  try {
    await write();
    return { kind: 'done' };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const outdated = error instanceof ApiError && OUTDATED.has(error.code);
    return { kind: outdated ? 'outdated' : 'failed', message };
  }
}

/** Every write an agent makes. */
export class Writes {
  readonly #transport: Transport;
  readonly #limiter: Limiter;

  constructor(transport: Transport, limiter: Limiter) {
    this.#transport = transport;
    this.#limiter = limiter;
  }

  /** Opens the gate and pins, in one patch. */
  pin(pin: Pin, signal: AbortSignal): Promise<Outcome> {
    const { name, namespace } = pin.pod.metadata;
    return this.#when(signal, () => this.#transport.patchJson(POD, name, namespace, pinPatch(pin)));
  }

  /** Deletes a pod as we saw it: once it is bound its version is another, and it stays. */
  takeBack(pod: CachedPod, signal: AbortSignal): Promise<Outcome> {
    const { name, namespace, uid, resourceVersion } = pod.metadata;
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    return this.#when(signal, () => this.#transport.delete(POD, name, namespace, { preconditions }));
  }

  /** What waits for its turn when the lease is lost is not sent; what was sent is waited for. */
  #when(signal: AbortSignal, write: () => Promise<unknown>): Promise<Outcome> {
    return this.#limiter.run(async () =>
      signal.aborted ? { kind: 'outdated', message: 'no longer ours to decide' } : outcomeOf(write),
    );
  }
}
