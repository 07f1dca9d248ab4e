import { stream } from '../engine/random.ts';
import { CONFIDENCE, normalBelow, tQuantile } from './interval.ts';
import type { Interval } from './interval.ts';
import { quantile } from './moments.ts';

const RESAMPLES = 2000;

/**
 * Interval of a statistic over replications, by resampling whole replications with replacement. The percentiles are spread for the
 * number of replications ("expanded percentile", Hesterberg 2015), without which few replications give intervals that are too
 * narrow. Same seed, same interval; `undefined` for fewer than two replications.
 */
export function bootstrap<T>(
  replications: readonly T[],
  statistic: (sample: readonly T[]) => number,
  options: { readonly seed?: number; readonly resamples?: number; readonly confidence?: number } = {},
): Interval | undefined {
  const n = replications.length;
  if (n < 2) return undefined;
  const { seed = 1, resamples = RESAMPLES, confidence = CONFIDENCE } = options;
  const draw = stream(seed, 'bootstrap');
  const values = Array.from({ length: resamples }, () =>
    statistic(replications.map((same) => replications[Math.floor(draw() * n)] ?? same)),
  );
  const tail = normalBelow(Math.sqrt(n / (n - 1)) * tQuantile((1 - confidence) / 2, n - 1));
  return { low: quantile(values, tail), high: quantile(values, 1 - tail) };
}
