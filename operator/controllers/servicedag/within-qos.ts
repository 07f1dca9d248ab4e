import { durationMicros, formatMicros, quantity } from '#crds/quantity.ts';
import type { CachedDag, CachedPlan } from '../../objects.ts';
import { no, unknown, yes } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/** Whether the prediction of the plan in force keeps every limit of `spec.qos`. */
export function withinQos(dag: CachedDag, plan: CachedPlan | undefined): Verdict {
  const predicted = plan?.spec.predicted;
  if (predicted === undefined) return unknown('NotPlanned', 'nothing is predicted without a plan');
  const { maxLatency, maxJitter, maxSync, minSuccess } = dag.spec.qos;
  const over = (what: string, limit: string | undefined, value: number | undefined): string[] =>
    limit === undefined || value === undefined || value <= durationMicros(limit)
      ? []
      : [`${what}: predicted ${formatMicros(value)}, the limit is ${limit}`];
  const missed = [
    ...over('latency', maxLatency, predicted.latencyMicros),
    ...over('jitter', maxJitter, predicted.jitterMicros),
    ...over('sync', maxSync, predicted.syncMicros),
    ...(minSuccess !== undefined && (predicted.successPpm ?? 1e6) < Math.round(quantity(minSuccess) * 1e6)
      ? [`success: predicted ${predicted.successPpm} ppm, at least ${minSuccess} is asked`]
      : []),
  ];
  return missed.length === 0
    ? yes('Predicted', 'the prediction keeps every limit')
    : no('Predicted', missed.join('; '));
}
