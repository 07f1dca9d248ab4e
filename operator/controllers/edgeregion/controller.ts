import { deepEqual } from '#kube/equal.ts';
import type { ReconcileContext } from '#kube/controller.ts';
import { Waiting } from '#kube/outcome.ts';
import type { Transport } from '#kube/transport.ts';
import type { Caches } from '../../caches.ts';
import { agentLease, EDGEREGION } from '../../kinds.ts';
import type { World } from '../../world.ts';
import { regionStatus } from './decide.ts';

const STALE_MS = 30_000;

/** What the controller works with. */
export interface RegionShell {
  readonly transport: Transport;
  readonly caches: Caches;
  readonly world: World;
  /** Where the agents' Leases are. */
  readonly namespace: string;
  readonly nowMs: () => number;
}

/** EdgeRegion → status: members, capacity, what is allocated, and what is wrong with it. */
export class EdgeRegionController {
  readonly #shell: RegionShell;

  constructor(shell: RegionShell) {
    this.#shell = shell;
  }

  /** Writes the status of one region when it has changed. */
  async reconcile(name: string, { signal }: ReconcileContext): Promise<void> {
    const { transport, caches, world, namespace, nowMs } = this.#shell;
    const doubt = caches.doubt(STALE_MS);
    if (doubt !== undefined) throw new Waiting('StaleCache', 1_000, doubt);
    const region = caches.regions.get(name);
    if (region === undefined) return;
    const status = regionStatus({
      region,
      snapshot: world.now(nowMs()).snapshot,
      lease: caches.leases.get(`${namespace}/${agentLease(name)}`),
      nowMs: nowMs(),
    });
    if (deepEqual(region.status ?? {}, status)) return;
    // Maps are replaced as a whole: a resource that is gone must go.
    const removed = (before: object | undefined, after: object | undefined): object =>
      Object.fromEntries(
        Object.keys(before ?? {})
          .filter((key) => !(key in (after ?? {})))
          .map((key) => [key, null]),
      );
    const body = {
      status: {
        ...status,
        capacity: { ...status.capacity, ...removed(region.status?.capacity, status.capacity) },
        allocated: { ...status.allocated, ...removed(region.status?.allocated, status.allocated) },
      },
    };
    await transport.patchMerge(EDGEREGION, name, undefined, body, { subresource: 'status', signal });
  }
}
