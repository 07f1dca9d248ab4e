/** Numbers in [0, 1) from a seed (xorshift32). */
export function uniform(seed: number): () => number {
  let x = (seed * 2_654_435_761 + 0x9e37_79b9) >>> 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

/** Standard normal numbers from uniform ones (sum of 12: no logarithm, so the same bits everywhere). */
export function normal(next: () => number): () => number {
  return () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += next();
    return sum;
  };
}

/**
 * Unit vectors in clusters, as embeddings lie: each cluster has a centre and 24 directions of its own in which its members differ,
 * and all have a little noise. Held-out queries come from the same clusters. For tests and benches.
 */
export function clustered(options: {
  readonly count: number;
  readonly queries: number;
  readonly dimension: number;
  readonly clusters: number;
  readonly seed: number;
}): { vectors: Float32Array[]; queries: Float32Array[] } {
  const { count, dimension, clusters } = options;
  const next = uniform(options.seed);
  const gauss = normal(next);
  const inside = Math.min(24, dimension);
  const row = (): Float32Array => Float32Array.from({ length: dimension }, gauss);
  const bases = Array.from({ length: inside }, row);
  const centres = Array.from({ length: clusters }, row);
  const one = (): Float32Array => {
    const centre = centres[Math.floor(next() * clusters)] ?? row();
    const vector = centre.map((x) => x + 0.05 * gaussQuick(next));
    for (const base of bases) {
      const amount = 0.15 * gaussQuick(next);
      for (let j = 0; j < dimension; j++) vector[j] = (vector[j] ?? 0) + amount * (base[j] ?? 0);
    }
    const norm = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
    return vector.map((x) => x / norm);
  };
  return {
    vectors: Array.from({ length: count }, one),
    queries: Array.from({ length: options.queries }, one),
  };
}

/** Nearly normal, from three numbers: enough for noise. */
const gaussQuick = (next: () => number): number => 2 * (next() + next() + next() - 1.5);
