import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { PlanDocument } from '../document.ts';
import type { Recollected } from '../recall.ts';

const QUERY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The numbers of the planner. */
export interface PlannerMetrics {
  planned(document: PlanDocument, seconds: number): void;
  /** What became of a reported outcome; `none` when there is no memory. */
  traced(result: 'stored' | 'quarantined' | 'refused' | 'away' | 'none'): void;
  /** What a plan was given by the memory. */
  recalled(recollected: Recollected, seconds: number): void;
  /** Counts what the memory holds at every scrape; NaN while it is away. */
  holding(count: () => Promise<number>): void;
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
    help: 'Outcomes of deployments that were reported, by what became of them',
    labelNames: ['result'],
    registers,
  });
  const queries = new Histogram({
    name: 'edgeloom_memory_query_seconds',
    help: 'Time a plan waited for the memory, by what it got',
    labelNames: ['result'],
    buckets: QUERY_SECONDS,
    registers,
  });
  return {
    traced: (result) => traces.inc({ result }),
    recalled({ traces, without }, seconds) {
      const nothing = without === undefined ? 'nothing' : 'without';
      queries.observe({ result: traces.length > 0 ? 'traces' : nothing }, seconds);
    },
    holding(count) {
      registry.registerMetric(
        new Gauge({
          name: 'edgeloom_memory_traces',
          help: 'Traces that the memory holds; NaN while it is away',
          registers: [],
          async collect() {
            this.set(await count());
          },
        }),
      );
    },
    planned({ source, feasible: kept }, seconds) {
      duration.observe({ source }, seconds);
      feasible.inc({ source, feasible: String(kept) });
    },
  };
}
