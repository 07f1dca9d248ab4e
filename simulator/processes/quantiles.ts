/** An inverse distribution: probabilities that rise from 0 to 1, values that do not fall; straight lines between the points. */
export interface Quantiles {
  readonly probabilities: Float64Array;
  readonly values: Float64Array;
}

/** From `[probability, value]` points, values times `scale`. */
export const quantilesOf = (points: readonly (readonly [number, number])[], scale = 1): Quantiles => ({
  probabilities: Float64Array.from(points, ([p]) => p),
  values: Float64Array.from(points, ([, value]) => value * scale),
});

/** The value at a probability in [0, 1]. */
export function quantileAt({ probabilities, values }: Quantiles, p: number): number {
  let low = 0;
  let high = probabilities.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((probabilities[middle] ?? 1) <= p) low = middle;
    else high = middle;
  }
  const from = probabilities[low] ?? 0;
  const room = (probabilities[high] ?? 1) - from;
  const start = values[low] ?? 0;
  return room === 0 ? start : start + ((p - from) / room) * ((values[high] ?? 0) - start);
}
