import { durationMicros, formatMicros, quantity } from '#crds/quantity.ts';
import type { CachedDag, CachedPlan } from '../../objects.ts';
import type { EntrySeen } from '../telemetry/smooth.ts';
import { brokenLimits } from '../telemetry/trouble.ts';
import { no, unknown, yes } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/**
 * Whether every limit of `spec.qos` is kept: by what is measured of latency and success where that is fresh, and by the prediction of the
 * plan in force for the rest.
 */
export function withinQos(
  dag: CachedDag,
  plan: CachedPlan | undefined,
  measured?: Pick<EntrySeen, 'latencyMicros' | 'success'>,
): Verdict {
  const predicted = plan?.spec.predicted;
  if (predicted === undefined) return unknown('NotPlanned', 'nothing is predicted without a plan');
  const { maxLatency, maxJitter, maxSync, minSuccess } = dag.spec.qos;
  const over = (what: string, limit: string | undefined, value: number | undefined): string[] =>
    limit === undefined || value === undefined || value <= durationMicros(limit)
      ? []
      : [`${what}: predicted ${formatMicros(value)}, the limit is ${limit}`];
  const missed = [
    ...(measured === undefined ? over('latency', maxLatency, predicted.latencyMicros) : []),
    ...over('jitter', maxJitter, predicted.jitterMicros),
    ...over('sync', maxSync, predicted.syncMicros),
    ...(measured?.success === undefined &&
    minSuccess !== undefined &&
    (predicted.successPpm ?? 1e6) < Math.round(quantity(minSuccess) * 1e6)
      ? [`success: predicted ${predicted.successPpm} ppm, at least ${minSuccess} is asked`]
      : []),
  ];
  const broken = measured === undefined ? [] : brokenLimits(dag, measured);
  if (broken.length > 0) return no('Observed', [...broken, ...missed].join('; '));
  if (missed.length > 0) return no('Predicted', missed.join('; '));
  return measured === undefined
    ? yes('Predicted', 'the prediction keeps every limit')
    : yes('Observed', 'what is measured keeps every limit, and so does the prediction of what is not');
}
