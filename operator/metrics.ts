import { Counter, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

/** What the operator counts (architecture section 6). */
export interface OperatorMetrics {
  planned(source: string, feasible: boolean): void;
  plannerAway(): void;
  predicted(dagClass: string, seconds: number): void;
  /** Measured end-to-end latency of a ServiceDAG, at one look. */
  observed(dagClass: string, seconds: number): void;
  violated(dagClass: string): void;
  /** A plan moves so many running replicas. */
  moved(dagClass: string, replicas: number): void;
  /** A pod was released after it had waited this long. */
  released(seconds: number): void;
}

/** Registers the operator's metrics. */
export function operatorMetrics(registry: Registry): OperatorMetrics {
  const registers = [registry];
  const plans = new Counter({
    name: 'edgeloom_plan_feasible_total',
    help: 'Plans by source, feasible or not',
    labelNames: ['source', 'feasible'],
    registers,
  });
  const away = new Counter({
    name: 'edgeloom_planner_unavailable_total',
    help: 'Questions the planner did not answer',
    registers,
  });
  const latency = new Histogram({
    name: 'edgeloom_dag_latency_seconds',
    help: 'End-to-end latency: predicted of new plans, and measured at every look',
    labelNames: ['class', 'source'],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
    registers,
  });
  const violations = new Counter({
    name: 'edgeloom_qos_violations_total',
    help: 'ServiceDAGs that began to miss a limit, as predicted or as measured',
    labelNames: ['class'],
    registers,
  });
  const moves = new Counter({
    name: 'edgeloom_replica_moves_total',
    help: 'Running replicas that plans have moved to other nodes',
    labelNames: ['class'],
    registers,
  });
  const released = new Counter({
    name: 'edgeloom_pods_released_total',
    help: 'Pods released by the gate reaper because no agent decided in time',
    registers,
  });
  const gated = new Histogram({
    name: 'edgeloom_pod_gated_seconds',
    help: 'Time from the creation of a pod to its release by the gate reaper',
    buckets: [1, 2, 5, 10, 30, 60, 120, 300],
    registers,
  });
  return {
    planned: (source, feasible) => plans.inc({ source, feasible: String(feasible) }),
    plannerAway: () => away.inc(),
    predicted: (dagClass, seconds) => latency.observe({ class: dagClass, source: 'predicted' }, seconds),
    observed: (dagClass, seconds) => latency.observe({ class: dagClass, source: 'observed' }, seconds),
    violated: (dagClass) => violations.inc({ class: dagClass }),
    moved: (dagClass, replicas) => moves.inc({ class: dagClass }, replicas),
    released: (seconds) => {
      released.inc();
      if (Number.isFinite(seconds)) gated.observe(seconds);
    },
  };
}
