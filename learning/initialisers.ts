import { show, sizeOf, wants } from './ir/shape.ts';
import type { Shape } from './ir/shape.ts';
import type { Random } from './random.ts';

/** First values of a weight. */
export type Initialiser = (shape: Shape, random: Random) => Float32Array;

/** The same number everywhere. */
export const constantly =
  (value: number): Initialiser =>
  (shape) =>
    new Float32Array(sizeOf(shape)).fill(value);

export const zeros = constantly(0);
export const ones = constantly(1);

/** Independent normals. */
export const normal =
  (deviation: number): Initialiser =>
  (shape, random) =>
    Float32Array.from({ length: sizeOf(shape) }, () => deviation * random.normal());

/** Uniform in ±√(6 / (rows + columns)) (Glorot and Bengio, 2010). */
export const glorot: Initialiser = (shape, random) => {
  const [rows = 1, columns = 1] = shape.slice(-2);
  const bound = Math.sqrt(6 / (rows + columns));
  return Float32Array.from({ length: sizeOf(shape) }, () => bound * (2 * random.uniform() - 1));
};

/** Orthonormal rows or columns, whichever are fewer, times `gain` (Saxe et al., 2014): Gram–Schmidt on normals, twice for accuracy. */
export const orthogonal =
  (gain = 1): Initialiser =>
  (shape, random) => {
    const [rows = 1, columns = 1] = shape;
    wants(shape.length === 2, 'orthogonal', `${show(shape)} is no matrix`);
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    const basis: Float64Array[] = [];
    while (basis.length < count) {
      const vector = Float64Array.from({ length }, () => random.normal());
      for (const other of [...basis, ...basis]) {
        const dot = vector.reduce((total, x, i) => total + x * (other[i] ?? 0), 0);
        for (let i = 0; i < length; i++) vector[i] = (vector[i] ?? 0) - dot * (other[i] ?? 0);
      }
      const norm = Math.sqrt(vector.reduce((total, x) => total + x * x, 0));
      if (norm > 1e-6) basis.push(vector.map((x) => x / norm));
    }
    return Float32Array.from({ length: rows * columns }, (_, i) => {
      const [r, c] = [Math.floor(i / columns), i % columns];
      return gain * ((rows <= columns ? basis[r]?.[c] : basis[c]?.[r]) ?? 0);
    });
  };
