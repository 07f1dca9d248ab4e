import { Counter, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { PlanDocument } from '../document.ts';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The numbers of the planner. */
export interface PlannerMetrics {
  planned(document: PlanDocument, seconds: number): void;
  traced(): void;
}

/** Registers them; once per registry. */
export function plannerMetrics(registry: Registry): PlannerMetrics {
  const registers = [registry];
  const duration = new Histogram({
    name: 'edgeloom_plan_duration_seconds',
    help: 'Time to plan one ServiceDAG',
    labelNames: ['source'],
    buckets: SECONDS,
    registers,
  });
  const feasible = new Counter({
    name: 'edgeloom_plan_feasible_total',
    help: 'Plans by whether they keep every hard limit',
    labelNames: ['source', 'feasible'],
    registers,
  });
  const traces = new Counter({
    name: 'edgeloom_traces_received_total',
    help: 'Traces of deployments that were offered',
    registers,
  });
  return {
    traced: () => traces.inc(),
    planned({ source, feasible: kept }, seconds) {
      duration.observe({ source }, seconds);
      feasible.inc({ source, feasible: String(kept) });
    },
  };
}
