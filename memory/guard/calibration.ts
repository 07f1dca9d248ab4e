/** How far realised outcomes were from what the world model expected, of one kind of deployment. */
export interface Calibration {
  /** Absolute differences of utility, the oldest first. */
  readonly errors: readonly number[];
}

export const NO_CALIBRATION: Calibration = { errors: [] };

/** Only the newest count: networks and models change. */
const MOST_ERRORS = 1000;
/** Fewer say nothing about the model. */
const LEAST_ERRORS = 30;

/** The same with one more error. */
export function observed(calibration: Calibration, error: number): Calibration {
  return { errors: [...calibration.errors.slice(1 - MOST_ERRORS), Math.abs(error)] };
}

/**
 * The error that is still believed: `factor` medians of the absolute errors, `fallback` while there are few. Errors of quarantined
 * reports count too, and the median hardly moves for them: a tenth of poison raises it by an eighth (normal errors), where a high
 * quantile would be the attacker's to choose. 3.82 medians are 2.58 standard deviations: 1 % of honest, normal errors lie beyond.
 */
export function calibratedError(calibration: Calibration, factor: number, fallback: number): number {
  const { errors } = calibration;
  if (errors.length < LEAST_ERRORS) return fallback;
  const sorted = errors.toSorted((a, b) => a - b);
  return Math.min(fallback, factor * (sorted[Math.floor(sorted.length / 2)] ?? fallback));
}
