import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import { LADDER } from '../../routing/ladder.ts';
import type { Mechanism } from '../../routing/ladder.ts';

/** What the routing controller counts. */
export interface RoutingMetrics {
  /** Edges of all DAGs by the mechanism in use. */
  edges(byMechanism: ReadonlyMap<Mechanism, number>): void;
  wrote(): void;
  demoted(from: Mechanism): void;
}

/** Registers them. */
export function routingMetrics(registry: Registry): RoutingMetrics {
  const registers = [registry];
  const edges = new Gauge({
    name: 'edgeloom_routing_edges',
    help: 'Edges of ServiceDAGs by the mechanism that spreads their calls',
    labelNames: ['mechanism'],
    registers,
  });
  const writes = new Counter({
    name: 'edgeloom_routing_writes_total',
    help: 'Routes, Services and slices that were written or removed',
    registers,
  });
  const demotions = new Counter({
    name: 'edgeloom_routing_demotions_total',
    help: 'Edges that lost a mechanism, by the one that was lost',
    labelNames: ['mechanism'],
    registers,
  });
  return {
    edges: (by) => {
      for (const mechanism of LADDER) edges.set({ mechanism }, by.get(mechanism) ?? 0);
    },
    wrote: () => writes.inc(),
    demoted: (mechanism) => demotions.inc({ mechanism }),
  };
}
