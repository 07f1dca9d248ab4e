/** Rows of the learned metric M. */
export const METRIC_ROWS = 8;

/** M: `METRIC_ROWS` rows of as many numbers as a query vector has. */
export type Metric = Float32Array;

/** ‖M(a − b)‖²: how far two query vectors are in the directions that outcomes follow. Throws `RangeError` for vectors of another width. */
export function metricDistance(metric: Metric, a: Float32Array, b: Float32Array): number {
  const width = a.length;
  if (metric.length !== METRIC_ROWS * width || b.length !== width)
    throw new RangeError(
      `the metric has ${metric.length} numbers, vectors of ${width} and ${b.length} need ${METRIC_ROWS * width}`,
    );
  let sum = 0;
  for (let h = 0; h < METRIC_ROWS; h++) {
    let row = 0;
    for (let j = 0; j < width; j++) row += (metric[h * width + j] ?? 0) * ((a[j] ?? 0) - (b[j] ?? 0));
    sum += row * row;
  }
  return sum;
}
