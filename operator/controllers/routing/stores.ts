import { systemClock } from '#kube/clock.ts';
import type { Clock } from '#kube/clock.ts';
import { ENDPOINTSLICE, SERVICE } from '#kube/kinds.ts';
import type { Kind } from '#kube/kinds.ts';
import type { Part } from '#kube/main.ts';
import type { KubeObject } from '#kube/object.ts';
import type { Store } from '#kube/store.ts';
import type { Transport } from '#kube/transport.ts';
import { watchKind } from '#kube/watch.ts';
import { BY_DAG, dagKeyOf } from '../../caches.ts';
import type { Caches } from '../../caches.ts';
import { GATEWAY, GRPCROUTE, HTTPROUTE, NETWORKPOLICY, TCPROUTE } from '../../kinds.ts';
import { ROLE } from '../../routing/objects.ts';

/** Label of the Gateway that calls between regions may go through. */
export const EAST_WEST = 'edgeloom.dev/east-west';
/** Kinds that may not be there. */
const OPTIONAL = [HTTPROUTE, GRPCROUTE, TCPROUTE, NETWORKPOLICY];
/** Answers that mean there is no such kind for us; anything else is a server in trouble, and passes. */
const NOT_SERVED = ['NotFound', 'Forbidden'];
/** A kind that is not there is asked for this often at least: it may be installed at any time. */
const ASK_AGAIN_MS = 5_000;
/** How long a start waits for the first lists of kinds that may not be there. */
const FIRST_MS = 3_000;

/**
 * What routing reads beside the operator's caches. The Gateway API may be absent, or come and go: its watches are not waited for,
 * and keep trying.
 */
export class RoutingStores {
  readonly gateways: Store<KubeObject>;
  readonly #parts: Part[] = [];
  readonly #stores: ReadonlyMap<Kind, Store<KubeObject>>;
  /** When the server last said that it has no such kind. */
  readonly #refusedMs = new Map<Kind, number>();

  readonly #clock: Clock;

  constructor(
    transport: Transport,
    caches: Caches,
    onRestart: (kind: string, reason: string) => void,
    clock: Clock = systemClock,
  ) {
    this.#clock = clock;
    const eager: Clock = {
      now: () => clock.now(),
      random: () => clock.random(),
      sleep: (ms, signal) => clock.sleep(Math.min(ms, ASK_AGAIN_MS), signal),
    };
    const watch = (kind: Kind, labelSelector: string): Store<KubeObject> => {
      const watched = watchKind<KubeObject>(transport, kind, {
        labelSelector,
        clock: eager,
        onRestart: (reason) => {
          if (NOT_SERVED.includes(reason)) this.#refusedMs.set(kind, clock.now());
          onRestart(kind.kind, reason);
        },
      });
      this.#parts.push((signal) => watched.run(signal));
      return watched.store;
    };
    this.gateways = watch(GATEWAY, EAST_WEST);
    const own = [ENDPOINTSLICE, ...OPTIONAL].map((kind) => [kind, watch(kind, ROLE)] as const);
    for (const [, store] of own) store.addIndex(BY_DAG, dagKeyOf);
    this.#stores = new Map([[SERVICE, caches.services as unknown as Store<KubeObject>], ...own]);
  }

  /** The watches, to be run. */
  parts(): readonly Part[] {
    return this.#parts;
  }

  /** Kinds of what routing writes. */
  kinds(): readonly Kind[] {
    return [...this.#stores.keys()];
  }

  /** Objects of one kind that routing writes. */
  of(kind: Kind): Store<KubeObject> {
    const store = this.#stores.get(kind);
    if (store === undefined)
      throw new Error(`routing keeps no store of ${kind.kind}: add it to RoutingStores`);
    return store;
  }

  /** Resolves when every list is in, or when those that are not have had their time. */
  async settled(signal: AbortSignal): Promise<void> {
    const all = Promise.all([this.gateways, ...this.#stores.values()].map((store) => store.synced));
    await Promise.race([all, this.#clock.sleep(FIRST_MS, signal).catch(() => undefined)]);
  }

  /** Optional kinds that the server serves, as one word: it changes when one comes or goes. */
  served(): string {
    return OPTIONAL.filter((kind) => this.serves(kind))
      .map(({ kind }) => kind)
      .join();
  }

  /** Whether the server serves a kind: it was listed, and not refused since. */
  serves(kind: Kind): boolean {
    const store = this.of(kind);
    return store.hasSynced && store.lastContactMs > (this.#refusedMs.get(kind) ?? -Infinity);
  }
}
