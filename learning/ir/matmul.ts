import type * as Tf from '@tensorflow/tfjs';
import { sameShape, show, sizeOf, wants } from './shape.ts';
import { tensorOf } from './tensor.ts';
import type { OnnxNodes, Tensor } from './tensor.ts';

/** Which operand is transposed (its last two axes) before the product. */
export interface Transposed {
  readonly a?: boolean;
  readonly b?: boolean;
}

/** Matrix product over the last two axes; the axes before them must be equal (a batch of products). */
export function matmul(a: Tensor, b: Tensor, { a: ta = false, b: tb = false }: Transposed = {}): Tensor {
  const rank = a.shape.length;
  const batch = a.shape.slice(0, -2);
  const message = `${show(a.shape)}${ta ? 'ᵀ' : ''} times ${show(b.shape)}${tb ? 'ᵀ' : ''}`;
  wants(rank >= 2 && b.shape.length === rank && sameShape(batch, b.shape.slice(0, -2)), 'MatMul', message);
  const [rows = 1, inner = 1] = ta ? a.shape.slice(-2).toReversed() : a.shape.slice(-2);
  const [depth = 1, columns = 1] = tb ? b.shape.slice(-2).toReversed() : b.shape.slice(-2);
  wants(inner === depth, 'MatMul', message);
  return tensorOf(
    {
      name: 'MatMul',
      shape: [...batch, rows, columns],
      gradient: (g) => [
        ta ? matmul(b, g, { a: tb, b: true }) : matmul(g, b, { b: !tb }),
        tb ? matmul(g, a, { a: true, b: ta }) : matmul(a, g, { a: !ta }),
      ],
      onnx: (nodes, [left = '', right = ''], output) => {
        if (rank === 2) {
          const attributes = { transA: { int: ta ? 1 : 0 }, transB: { int: tb ? 1 : 0 } };
          nodes.node('Gemm', [left, right], output, attributes);
        } else {
          const [x, y] = [ta ? swapped(nodes, left, rank) : left, tb ? swapped(nodes, right, rank) : right];
          nodes.node('MatMul', [x, y], output);
        }
      },
      evaluate: ([x = [], y = []], out) => {
        const [rowStep, innerStep] = ta ? [1, rows] : [inner, 1];
        const [depthStep, columnStep] = tb ? [1, inner] : [columns, 1];
        for (let n = 0; n < sizeOf(batch); n++) {
          for (let r = 0; r < rows; r++) {
            for (let k = 0; k < inner; k++) {
              const left = x[n * rows * inner + r * rowStep + k * innerStep] ?? 0;
              const from = n * inner * columns + k * depthStep;
              const to = (n * rows + r) * columns;
              for (let c = 0; c < columns; c++)
                out[to + c] = (out[to + c] ?? 0) + left * (y[from + c * columnStep] ?? 0);
            }
          }
        }
      },
      tfjs: (tf, [x, y]) => tf.matMul(x as Tf.Tensor, y as Tf.Tensor, ta, tb),
    },
    [a, b],
  );
}

/** ONNX transposes batched operands as nodes of their own; onnxruntime fuses them into the product. */
function swapped(nodes: OnnxNodes, value: string, rank: number): string {
  const output = nodes.fresh();
  const order = [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2];
  nodes.node('Transpose', [value], output, { perm: { ints: order } });
  return output;
}
