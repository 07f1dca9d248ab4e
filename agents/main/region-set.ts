import { systemClock } from '#kube/clock.ts';
import { lead } from '#kube/leader.ts';
import type { Transport } from '#kube/transport.ts';
import { RegionAgent } from './region-agent.ts';
import type { Shared } from './region-agent.ts';

/** Where the leases of the regions are, and who asks for them. */
export interface LeaseOptions {
  readonly transport: Transport;
  readonly namespace: string;
  readonly identity: string;
}

interface Running {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** One agent per region, each under a lease of its own. */
export class RegionSet {
  readonly #shared: Shared;
  readonly #lease: LeaseOptions;
  readonly #running = new Map<string, Running>();

  constructor(shared: Shared, lease: LeaseOptions) {
    this.#shared = shared;
    this.#lease = lease;
  }

  /** Starts agents for regions that are new and stops those of regions that are gone. */
  follow(regions: readonly string[]): void {
    for (const [region, { stop }] of this.#running) {
      if (regions.includes(region)) continue;
      stop.abort(new Error(`region ${region} is gone`));
      this.#running.delete(region);
    }
    for (const region of regions) {
      if (this.#running.has(region)) continue;
      const stop = new AbortController();
      this.#running.set(region, { stop, ended: this.#stand(region, stop.signal) });
    }
  }

  /** Stops every agent, gives the leases back, and resolves when that is done. */
  async stop(): Promise<void> {
    const all = [...this.#running.values()];
    this.follow([]);
    await Promise.all(all.map(({ ended }) => ended));
  }

  /** Stands for election again and again: a lost lease costs one region its agent for a while, not all of them. */
  async #stand(region: string, signal: AbortSignal): Promise<void> {
    const { log } = this.#shared;
    const options = { ...this.#lease, name: `edgeloom-agent-${region}`, log: log.child({ region }) };
    while (!signal.aborted) {
      try {
        // Patches name the pod's uid and its gate: one sent in the last moment of a lease harms nobody.
        await lead(options, (held) => new RegionAgent(region, this.#shared).run(held), signal);
      } catch (err) {
        log.error({ err, region }, 'the agent of a region failed');
      }
      if (!signal.aborted) await systemClock.sleep(1_000, signal).catch(() => undefined);
    }
  }
}
