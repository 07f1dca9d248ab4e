import { CONFIDENCE, normalQuantile } from './interval.ts';
import type { Interval } from './interval.ts';

/** A count of events among trials. */
export interface Count {
  readonly events: number;
  readonly trials: number;
}

/** Wilson's score interval of a rate (Wilson 1927); everything, [0, 1], when nothing was tried. */
export function wilson({ events, trials }: Count, confidence: number = CONFIDENCE): Interval {
  if (trials <= 0) return { low: 0, high: 1 };
  const z = normalQuantile((1 + confidence) / 2);
  const p = events / trials;
  const centre = p + (z * z) / (2 * trials);
  const spread = z * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials));
  const scale = 1 + (z * z) / trials;
  return {
    low: events <= 0 ? 0 : Math.max(0, (centre - spread) / scale),
    high: events >= trials ? 1 : Math.min(1, (centre + spread) / scale),
  };
}

/**
 * How much less a trial says than an independent one would: variance of the rate between the groups over the binomial variance,
 * at least 1 (Kish 1965). Requests of one replication share its bursts and failures, so their violations come together.
 */
export function designEffect(groups: readonly Count[]): number {
  const counted = groups.filter(({ trials }) => trials > 0);
  const trials = counted.reduce((sum, g) => sum + g.trials, 0);
  const p = counted.reduce((sum, g) => sum + g.events, 0) / trials;
  if (counted.length < 2 || p <= 0 || p >= 1) return 1;
  const between = counted.reduce((sum, g) => sum + g.trials * (g.events / g.trials - p) ** 2, 0);
  return Math.max(1, between / ((counted.length - 1) * p * (1 - p)));
}

/** Wilson's interval of the rate over replications, on as many trials as independent ones would say the same. */
export function clusteredWilson(groups: readonly Count[], confidence: number = CONFIDENCE): Interval {
  const effect = designEffect(groups);
  const events = groups.reduce((sum, g) => sum + g.events, 0) / effect;
  const trials = groups.reduce((sum, g) => sum + g.trials, 0) / effect;
  return wilson({ events, trials }, confidence);
}
