import { EventRecorder } from '#kube/events.ts';
import { serveHealth } from '#kube/health.ts';
import { silentLog } from '#kube/log.ts';
import type { Log } from '#kube/log.ts';
import { runParts } from '#kube/main.ts';
import { createRegistry } from '#kube/metrics.ts';
import type { Transport } from '#kube/transport.ts';
import { search } from '../policy.ts';
import { Caches } from './caches.ts';
import { Limiter } from './limiter.ts';
import { agentMetrics } from './metrics.ts';
import { STALE_MS } from './region-agent.ts';
import { RegionSet } from './region-set.ts';
import { Writes } from './writes.ts';

/** How `edgeloom agent` runs. */
export interface RunAgentsOptions {
  readonly transport: Transport;
  /** Names, or every EdgeRegion as they come and go. */
  readonly regions: readonly string[] | 'all';
  /** Namespace of the leases. */
  readonly namespace?: string | undefined;
  /** Unique to this process. */
  readonly identity: string;
  /** Where /healthz, /readyz and /metrics are served; 0 takes a free one. */
  readonly port: number;
  /** How often to look without being told; `spec.agent.period` of the region when left out. */
  readonly periodMs?: number | undefined;
  readonly log?: Log | undefined;
  readonly signal: AbortSignal;
}

/** Patches on their way at any time. */
const IN_FLIGHT = 32;

/** Runs the agents of the regions until the signal aborts. */
export async function runAgents(options: RunAgentsOptions): Promise<void> {
  const { transport, identity, namespace = 'edgeloom-system', log = silentLog, periodMs } = options;
  const registry = createRegistry();
  const metrics = agentMetrics(registry);
  const caches = new Caches(transport, log, (kind, reason) => metrics.restarted(kind, reason));
  const events = new EventRecorder({
    transport,
    component: 'edgeloom.dev/agent',
    instance: identity,
    perMinute: 300,
    log,
  });
  const writes = new Writes(transport, new Limiter(IN_FLIGHT));
  const shared = { caches, writes, policy: search, events, metrics, log, periodMs };
  const agents = new RegionSet(shared, { transport, namespace, identity });
  const ready = (): string | undefined => {
    if (!caches.hasSynced) return 'the caches are not filled yet';
    const silentMs = caches.silentMs();
    return silentMs > STALE_MS * 3 ? `the API server is silent for ${Math.round(silentMs)} ms` : undefined;
  };
  const health = await serveHealth({ port: options.port, registry, ready });
  log.info({ port: health.port, regions: options.regions }, 'agents listen');
  try {
    await runParts(options.signal, [
      ...caches.parts(),
      (signal) => follow(options.regions, caches, agents, signal),
    ]);
  } finally {
    await events.flush();
    await health.close();
  }
}

/** Keeps one agent per region until the signal aborts. */
async function follow(
  regions: readonly string[] | 'all',
  caches: Caches,
  agents: RegionSet,
  signal: AbortSignal,
): Promise<void> {
  await caches.synced(signal);
  const look = (): void => {
    const named = regions === 'all' ? caches.regions().map(({ metadata }) => metadata.name) : regions;
    if (!signal.aborted) agents.follow(named);
  };
  look();
  const hangUp = caches.subscribe(({ kind }) => (kind === 'regions' ? look() : undefined));
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  hangUp();
  await agents.stop();
}
