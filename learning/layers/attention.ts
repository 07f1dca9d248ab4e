import { gelu, mul, add } from '../ir/elementwise.ts';
import { reshape, slice, transpose } from '../ir/layout.ts';
import { matmul } from '../ir/matmul.ts';
import { softmax } from '../ir/softmax.ts';
import type { Tensor } from '../ir/tensor.ts';
import type { Parameters } from '../parameters.ts';
import { dense, layerNorm } from './dense.ts';

/** Sizes of a transformer block. `heads` divides the width of x. */
export interface Block {
  readonly heads: number;
  readonly hidden: number;
  /** Added to the scores [batch·heads, tokens, tokens] (or what broadcasts to it): -1e9 hides a key. */
  readonly mask?: Tensor;
}

/** Multi-head self-attention on x [batch, tokens, width] (Vaswani et al., 2017), scale 1/√(width/heads). */
export function selfAttention(
  parameters: Parameters,
  name: string,
  x: Tensor,
  { heads, mask }: Pick<Block, 'heads' | 'mask'>,
): Tensor {
  const [batch = 1, tokens = 1, width = 1] = x.shape;
  const size = width / heads;
  const all = dense(parameters, `${name}/qkv`, x, 3 * width);
  const [q, k, v] = [0, 1, 2].map((part) => {
    const own = reshape(slice(all, 2, part * width, (part + 1) * width), [batch, tokens, heads, size]);
    return reshape(transpose(own, [0, 2, 1, 3]), [batch * heads, tokens, size]);
  }) as [Tensor, Tensor, Tensor];
  const scores = mul(matmul(q, k, { b: true }), 1 / Math.sqrt(size));
  const mixed = matmul(softmax(mask === undefined ? scores : add(scores, mask)), v);
  const joined = transpose(reshape(mixed, [batch, heads, tokens, size]), [0, 2, 1, 3]);
  return dense(parameters, `${name}/out`, reshape(joined, [batch, tokens, width]), width);
}

/** A pre-norm transformer block: attention, then two dense layers, each added to what came in. */
export function transformerBlock(parameters: Parameters, name: string, x: Tensor, block: Block): Tensor {
  const attended = add(
    x,
    selfAttention(parameters, `${name}/attention`, layerNorm(parameters, `${name}/norm1`, x), block),
  );
  const hidden = gelu(
    dense(parameters, `${name}/up`, layerNorm(parameters, `${name}/norm2`, attended), block.hidden),
  );
  return add(attended, dense(parameters, `${name}/down`, hidden, x.shape.at(-1) ?? 1));
}
