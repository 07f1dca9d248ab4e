import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Caches } from '../../caches.ts';
import type { World } from '../../world.ts';
import { occupancyOf } from './occupancy.ts';

/** What the telemetry controller counts. */
export interface TelemetryMetrics {
  /** A look at the source ended: `Read`, or the reason why it gave nothing. */
  looked(result: string, seconds: number): void;
  rejected(samples: number): void;
  /** Mean drift of the plans that have replicas in a region. */
  drift(byRegion: ReadonlyMap<string, number>): void;
  replanned(why: string): void;
  /** An outcome was offered to the planner's memory, and this came of it. */
  traced(result: string): void;
}

/** Registers them. */
export function telemetryMetrics(registry: Registry): TelemetryMetrics {
  const registers = [registry];
  const reads = new Counter({
    name: 'edgeloom_telemetry_reads_total',
    help: 'Looks at the telemetry source by how they ended',
    labelNames: ['result'],
    registers,
  });
  const seconds = new Histogram({
    name: 'edgeloom_telemetry_read_seconds',
    help: 'Time of one look at the telemetry source, all queries together',
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const rejected = new Counter({
    name: 'edgeloom_telemetry_rejected_samples_total',
    help: 'Samples that no measurement can have given: negative, infinite, absurd',
    registers,
  });
  const drift = new Gauge({
    name: 'edgeloom_plan_drift_ratio',
    help: 'Relative difference between what plans predict and what is measured, mean over the plans of a region',
    labelNames: ['region'],
    registers,
  });
  const replans = new Counter({
    name: 'edgeloom_replans_total',
    help: 'Plans asked for because of measurements',
    labelNames: ['reason'],
    registers,
  });
  const traces = new Counter({
    name: 'edgeloom_traces_reported_total',
    help: 'Realised outcomes of plans by what the planner made of them',
    labelNames: ['result'],
    registers,
  });
  return {
    looked: (result, took) => {
      reads.inc({ result });
      seconds.observe(took);
    },
    rejected: (samples) => rejected.inc(samples),
    drift: (byRegion) => {
      drift.reset();
      for (const [region, ratio] of byRegion) drift.set({ region }, ratio);
    },
    replanned: (reason) => replans.inc({ reason }),
    traced: (result) => traces.inc({ result }),
  };
}

/** Registers what is read from memory when somebody asks: how full nodes are, and how far weights are from what plans want. */
export function worldMetrics(
  registry: Registry,
  { world, caches, nowMs }: { readonly world: World; readonly caches: Caches; readonly nowMs: () => number },
): void {
  const registers = [registry];
  const occupancy = (): ReturnType<typeof occupancyOf> => occupancyOf(world.now(nowMs()).snapshot);
  const utilisation: Gauge = new Gauge({
    name: 'edgeloom_node_utilisation_ratio',
    help: 'Processors of a region that pods ask for, of those it has',
    labelNames: ['region'],
    registers,
    collect: () => {
      utilisation.reset();
      for (const [region, share] of occupancy().byRegion) utilisation.set({ region }, share);
    },
  });
  const balance: Gauge = new Gauge({
    name: 'edgeloom_load_balance_index',
    help: 'Four times the variance of the utilisation of nodes; 0 when all are equally full',
    registers,
    collect: () => balance.set(occupancy().imbalance),
  });
  const error: Gauge = new Gauge({
    name: 'edgeloom_route_weight_error_ratio',
    help: 'Largest difference between the share a plan wants and the one that is measured, or configured while nothing is measured',
    labelNames: ['mechanism'],
    registers,
    collect: () => {
      error.reset();
      const worst = new Map<string, number>();
      for (const { status } of caches.dags.list())
        for (const { mechanism = '', maxErrorPpm = 0 } of status?.edges ?? [])
          worst.set(mechanism, Math.max(worst.get(mechanism) ?? 0, maxErrorPpm / 1e6));
      for (const [mechanism, ratio] of worst) error.set({ mechanism }, ratio);
    },
  });
}
