import { LARGEST_DIMENSION } from './trace.ts';
import { RefusedTrace } from './refusal.ts';

/** A vector as 32-bit floats. Refuses NaN, infinities (also after rounding to 32 bits), the zero vector and sizes out of bounds. */
export function checkedVector(values: ArrayLike<number>, dimension?: number): Float32Array {
  if (dimension !== undefined && values.length !== dimension) {
    throw new RefusedTrace(
      'vector',
      `${values.length} numbers where the memory has ${dimension}`,
      'embed it with the encoder of the memory',
    );
  }
  if (values.length < 1 || values.length > LARGEST_DIMENSION) {
    throw new RefusedTrace('vector', `${values.length} numbers`, `give 1 to ${LARGEST_DIMENSION}`);
  }
  const vector = Float32Array.from(values);
  let square = 0;
  for (const [i, x] of vector.entries()) {
    if (!Number.isFinite(x)) {
      throw new RefusedTrace(
        `vector[${i}]`,
        `${values[i]} is no finite 32-bit number`,
        'look at the encoder',
      );
    }
    square += x * x;
  }
  if (square < 1e-30)
    throw new RefusedTrace('vector', 'it has no direction: all zero', 'look at the encoder');
  return vector;
}

/** Cosine of two vectors of one length: 32-bit inputs, 64-bit sums from the first to the last, so every store says the same number. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}
