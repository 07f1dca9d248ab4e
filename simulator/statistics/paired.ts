import { CONFIDENCE, tQuantile, tTwoSided } from './interval.ts';
import type { Interval } from './interval.ts';
import { deviation, mean } from './moments.ts';

/** How two orchestrators differ on the same replications. */
export interface Comparison {
  readonly pairs: number;
  /** Mean of `a - b`. */
  readonly difference: number;
  /** Of the mean difference; absent for fewer than two pairs. */
  readonly interval?: Interval;
  /** Cohen's d_z: mean difference in standard deviations of the differences. Absent when the differences do not vary. */
  readonly effect?: number;
  /** Two-sided, of Student's paired t-test; absent for fewer than two pairs. */
  readonly p?: number;
}

/**
 * Compares paired values: the i-th of both come from the same seed and replication, so that what chance did to both cancels.
 * Differences that are all the same leave no doubt: p is 0, or 1 when they are 0. Throws when the lengths differ.
 */
export function paired(
  a: readonly number[],
  b: readonly number[],
  confidence: number = CONFIDENCE,
): Comparison {
  if (a.length !== b.length)
    throw new Error(`paired values must be as many on both sides, not ${a.length} and ${b.length}`);
  const differences = a.map((value, i) => value - (b[i] ?? NaN));
  const pairs = differences.length;
  const difference = mean(differences);
  if (pairs < 2) return { pairs, difference };
  const spread = deviation(differences);
  const error = spread / Math.sqrt(pairs);
  const reach = tQuantile((1 + confidence) / 2, pairs - 1) * error;
  const interval = { low: difference - reach, high: difference + reach };
  if (spread === 0) return { pairs, difference, interval, p: difference === 0 ? 1 : 0 };
  return {
    pairs,
    difference,
    interval,
    effect: difference / spread,
    p: tTwoSided(difference / error, pairs - 1),
  };
}

/** Holm's step-down correction: p-values that hold for all tests together, in the order given (Holm 1979). */
export function holm(values: readonly number[]): number[] {
  const order = [...values.keys()].toSorted((i, j) => (values[i] ?? 0) - (values[j] ?? 0));
  const corrected = values.slice();
  let least = 0;
  for (const [rank, i] of order.entries()) {
    least = Math.max(least, Math.min(1, (values[i] ?? 0) * (values.length - rank)));
    corrected[i] = least;
  }
  return corrected;
}
