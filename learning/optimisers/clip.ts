import { add, div, min, mul, sqrt } from '../ir/elementwise.ts';
import { sum } from '../ir/reduce.ts';
import type { Tensor } from '../ir/tensor.ts';

/** √ Σ g² over all gradients. */
export const globalNorm = (gradients: readonly Tensor[]): Tensor =>
  sqrt(
    add(
      gradients.map((g) => sum(mul(g, g))).reduce((a, b) => add(a, b)),
      1e-12,
    ),
  );

/** All gradients scaled by one factor so that their norm is at most `bound` (Pascanu et al., 2013). */
export function clipByGlobalNorm(
  gradients: readonly Tensor[],
  bound: number,
): { readonly gradients: readonly Tensor[]; readonly norm: Tensor } {
  const norm = globalNorm(gradients);
  const factor = min(div(bound, norm), 1);
  return { gradients: gradients.map((g) => mul(g, factor)), norm };
}
