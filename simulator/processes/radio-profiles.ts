import { quantilesOf } from './quantiles.ts';
import type { Quantiles } from './quantiles.ts';

/** One-way delays in microseconds. */
interface Profile {
  readonly up: Quantiles;
  readonly down: Quantiles;
}

const AT = [0, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1];

const millis = (...values: number[]): Quantiles =>
  quantilesOf(
    AT.map((p, i) => [p, values[i] ?? 0]),
    1000,
  );

/**
 * Quantiles of one-way delays that DETERMINISTIC6G measured on a 28 GHz URLLC prototype (data set PD-Wireless-5G-3a; Ansari et al.,
 * Electronics 2022): summary figures, read off the published histograms.
 */
export const URLLC: Profile = {
  up: millis(0.51, 0.513, 0.526, 0.541, 0.558, 0.608, 0.687, 0.75, 0.825, 0.875, 0.916, 0.937, 1.091, 2),
  down: millis(0.56, 0.588, 0.593, 0.615, 0.634, 0.687, 0.763, 0.835, 0.939, 1.012, 1.08, 1.702, 2.444, 3.33),
};

/** The same of a stand-alone 5G network at 3.7 GHz (PD-Wireless-5G-2a; Ansari et al., Electronics 2022). */
export const TODAY: Profile = {
  up: millis(3.7, 4.329, 4.9, 5.291, 5.463, 5.756, 6.411, 7.197, 7.614, 7.817, 9.945, 11.685, 13.073, 14),
  down: millis(3, 3.345, 3.744, 4.297, 4.553, 4.896, 5.299, 5.76, 8.081, 9.749, 10.84, 11.421, 14.703, 17.1),
};
