import type { Features } from '../features/features.ts';

/** How a DAG fared in the while after its features were seen. */
export interface Outcome {
  /** Mean over the requests that completed. */
  readonly latencyMicros: number;
  /** Share of requests that missed their limits, 0..1. */
  readonly violated: number;
  /** Mean busy share of its replicas, 0..1. */
  readonly utilisation: number;
}

/** One thing to learn from. */
export interface Example {
  /** Which city it is from: held-out examples are of cities that were never trained on. */
  readonly city: string;
  readonly features: Features;
  readonly outcome: Outcome;
}

/** Outcomes in the units errors are measured in: log latency, violated share, busy share. */
export const outcomeRow = ({ latencyMicros, violated, utilisation }: Outcome): [number, number, number] => [
  Math.log(latencyMicros),
  violated,
  utilisation,
];

/** Mean and deviation of each outcome. */
export interface OutcomeScale {
  readonly mean: Float32Array;
  readonly scale: Float32Array;
}

/** Fits the scale of outcomes; a constant outcome gets scale 1. Throws `RangeError` for an outcome that is no number. */
export function outcomeScale(examples: readonly Example[]): OutcomeScale {
  const rows = examples.map(({ outcome }) => outcomeRow(outcome));
  const bad = rows.findIndex((row) => !row.every(Number.isFinite));
  if (bad >= 0)
    throw new RangeError(`example ${bad} of ${examples[bad]?.city} has an outcome that is no number`);
  const mean = [0, 1, 2].map((c) => rows.reduce((t, row) => t + (row[c] ?? 0), 0) / rows.length);
  const scale = mean.map((m, c) => {
    const square = rows.reduce((t, row) => t + ((row[c] ?? 0) - m) * ((row[c] ?? 0) - m), 0) / rows.length;
    return square > 1e-12 ? Math.sqrt(square) : 1;
  });
  return { mean: Float32Array.from(mean), scale: Float32Array.from(scale) };
}
