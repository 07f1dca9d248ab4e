import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ControllerMetrics } from './controller.ts';
import type { QueueMetrics } from './workqueue.ts';

// From a cache hit to a reconcile that ran into its deadline.
const SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 15, 30, 60];

/** A registry that already reports the process itself. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** The numbers of one named queue; queues of one registry share the metrics. */
export function queueMetrics(registry: Registry, name: string): QueueMetrics {
  const depth = gauge(registry, 'edgeloom_workqueue_depth', 'Keys waiting for a worker');
  const adds = counter(registry, 'edgeloom_workqueue_adds_total', 'Keys added', ['name']);
  const retries = counter(registry, 'edgeloom_workqueue_retries_total', 'Keys added again after a failure', [
    'name',
  ]);
  const queued = histogram(registry, 'edgeloom_workqueue_queue_seconds', 'Time a key waited for a worker');
  const worked = histogram(registry, 'edgeloom_workqueue_work_seconds', 'Time a worker spent on a key');
  depth.set({ name }, 0);
  return {
    depth: (keys) => depth.set({ name }, keys),
    added: () => adds.inc({ name }),
    retried: () => retries.inc({ name }),
    queued: (seconds) => queued.observe({ name }, seconds),
    worked: (seconds) => worked.observe({ name }, seconds),
  };
}

/** The numbers of one named controller. */
export function controllerMetrics(registry: Registry, name: string): ControllerMetrics {
  const total = counter(registry, 'edgeloom_reconcile_total', 'Reconciles by how they ended', [
    'name',
    'result',
  ]);
  const took = histogram(registry, 'edgeloom_reconcile_seconds', 'Time of one reconcile');
  return {
    reconciled(result, seconds) {
      total.inc({ name, result });
      took.observe({ name }, seconds);
    },
  };
}

/** How often a watch had to start again, by kind and by why. */
export function watchRestarts(registry: Registry): Counter {
  return counter(registry, 'edgeloom_watch_restarts_total', 'Watches that started again', ['kind', 'reason']);
}

/** The registered counter of that name, registered on first use. */
function counter(registry: Registry, name: string, help: string, labelNames: string[]): Counter {
  const known = registry.getSingleMetric(name);
  if (known instanceof Counter) return known;
  return new Counter({ name, help, labelNames, registers: [registry] });
}

function gauge(registry: Registry, name: string, help: string): Gauge {
  const known = registry.getSingleMetric(name);
  if (known instanceof Gauge) return known;
  return new Gauge({ name, help, labelNames: ['name'], registers: [registry] });
}

function histogram(registry: Registry, name: string, help: string): Histogram {
  const known = registry.getSingleMetric(name);
  if (known instanceof Histogram) return known;
  return new Histogram({
    name,
    help,
    labelNames: ['name'],
    buckets: SECONDS,
    registers: [registry],
  });
}
