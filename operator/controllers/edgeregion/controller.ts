import type { ReconcileContext } from '#kube/controller.ts';
import { Waiting } from '#kube/outcome.ts';
import type { Transport } from '#kube/transport.ts';
import type { Caches } from '../../caches.ts';
import type { CachedRegion } from '../../objects.ts';
import { awayAfterMs } from '../../agent-lease.ts';
import { agentLease } from '../../kinds.ts';
import type { World } from '../../world.ts';
import type { Verdict } from '../servicedag/verdict.ts';
import { writeStatus } from './apply.ts';
import { regionStatus } from './decide.ts';
import type { LinkReport } from './links/rows.ts';

const STALE_MS = 30_000;

/** What the controller works with. */
export interface RegionShell {
  readonly transport: Transport;
  readonly caches: Caches;
  readonly world: World;
  /** Where the agents' Leases are. */
  readonly namespace: string;
  readonly nowMs: () => number;
  /** Whether the pods of a region get addresses of its own pool; undefined when it names none. */
  readonly networked: (region: string) => Verdict | undefined;
  /** What is measured of the links of regions; undefined where probers are not asked. */
  readonly links?: { report(region: CachedRegion, nowMs: number): LinkReport | undefined } | undefined;
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
    const lease = caches.leases.get(`${namespace}/${agentLease(name)}`);
    const { snapshot } = world.now(nowMs());
    const status = regionStatus({
      region,
      snapshot,
      lease,
      nowMs: nowMs(),
      networked: this.#shell.networked(name),
      links: this.#links(name),
    });
    await writeStatus(transport, region, status, signal);
    // An agent that goes away says nothing: its Lease just grows old.
    const afterMs = awayAfterMs(lease, nowMs());
    if (afterMs !== undefined) throw new Waiting('AgentReady', afterMs, 'the Lease must be renewed by then');
  }

  #links(name: string): LinkReport | 'unknown' | undefined {
    const { links, world, nowMs } = this.#shell;
    if (links === undefined) return undefined;
    const region = world.regions().find(({ metadata }) => metadata.name === name);
    return region === undefined ? 'unknown' : (links.report(region, nowMs()) ?? 'unknown');
  }
}
