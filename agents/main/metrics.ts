import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { watchRestarts } from '#kube/metrics.ts';

/** The numbers of the agents. */
export interface AgentMetrics {
  decided(region: string, seconds: number): void;
  opened(region: string, gatedSeconds: number): void;
  wrote(region: string, result: 'pinned' | 'outdated' | 'failed' | 'deleted'): void;
  trust(region: string, ratio: number): void;
  restarted(kind: string, reason: string): void;
  /** The region is no longer ours. */
  forget(region: string): void;
}

/** Registers them; once per registry. */
export function agentMetrics(registry: Registry): AgentMetrics {
  const common = { labelNames: ['region'], registers: [registry] };
  const decision = new Histogram({
    ...common,
    name: 'edgeloom_decision_duration_seconds',
    help: 'Time to decide all gated pods of a region once',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  });
  const gated = new Histogram({
    ...common,
    name: 'edgeloom_pod_gated_seconds',
    help: 'Time from the creation of a pod to the opening of its gate',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300],
  });
  const trust = new Gauge({
    ...common,
    name: 'edgeloom_trust_ratio',
    help: 'How far the agent follows plans of its own accord; 0 for search',
  });
  const writes = new Counter({
    ...common,
    labelNames: ['region', 'result'],
    name: 'edgeloom_agent_writes_total',
    help: 'Writes to pods by how they ended',
  });
  const restarts = watchRestarts(registry);
  return {
    decided: (region, seconds) => decision.observe({ region }, seconds),
    opened: (region, seconds) => gated.observe({ region }, seconds),
    wrote: (region, result) => writes.inc({ region, result }),
    trust: (region, ratio) => trust.set({ region }, ratio),
    restarted: (kind, reason) => restarts.inc({ kind, reason }),
    forget: (region) => trust.remove({ region }),
  };
}
