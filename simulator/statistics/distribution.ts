import type { Distribution } from '../result.ts';

/** Ratio of the ends of a bucket. */
export const GAMMA = 1.02;
const LOG_GAMMA = Math.log(GAMMA);

/** A distribution of nothing. */
export const EMPTY: Distribution = { count: 0, mean: 0, deviation: 0, max: 0, buckets: [] };

/** What one distribution would hold that had seen the values of all of these. */
export function merged(parts: readonly Distribution[]): Distribution {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  if (count === 0) return EMPTY;
  const mean = parts.reduce((sum, part) => sum + part.count * part.mean, 0) / count;
  const squares = parts.reduce(
    (sum, part) => sum + part.count * (part.deviation ** 2 + (part.mean - mean) ** 2),
    0,
  );
  const buckets = new Map<number, number>();
  for (const part of parts)
    for (const [index, n] of part.buckets) buckets.set(index, (buckets.get(index) ?? 0) + n);
  return {
    count,
    mean,
    deviation: Math.sqrt(squares / count),
    max: Math.max(...parts.map((part) => part.max)),
    buckets: [...buckets].toSorted(([a], [b]) => a - b),
  };
}

/** A quantile (nearest rank) within 1 % of the value; 0 of nothing. */
export function quantileOf(distribution: Distribution, q: number): number {
  let left = Math.max(1, Math.ceil(q * distribution.count));
  for (const [index, n] of distribution.buckets) {
    left -= n;
    if (left <= 0) return Math.min(distribution.max, middleOf(index));
  }
  return distribution.max;
}

/** Middle of a bucket on the logarithmic scale: within 1 % of every value in it; bucket 0 holds values up to 1. */
const middleOf = (index: number): number => (index === 0 ? 1 : Math.exp((index - 0.5) * LOG_GAMMA));

/** The cumulative distribution: upper end of each bucket that holds something, and the share of values up to it. */
export function cumulative({ count, buckets }: Distribution): { value: number; share: number }[] {
  let below = 0;
  return buckets.map(([index, n]) => ({ value: Math.exp(index * LOG_GAMMA), share: (below += n) / count }));
}
