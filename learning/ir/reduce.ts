import type * as Tf from '@tensorflow/tfjs';
import { equal } from './compare.ts';
import { div, mul } from './elementwise.ts';
import { expand, reshape } from './layout.ts';
import { broadcastOffsets, sizeOf, show, wants } from './shape.ts';
import type { Shape } from './shape.ts';
import { tensorOf } from './tensor.ts';
import type { Tensor } from './tensor.ts';

/** Reduced axes as size 1, and without them. */
function reduced(name: string, shape: Shape, axes: readonly number[]): { kept: Shape; dropped: Shape } {
  wants(
    axes.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < shape.length),
    name,
    `axes ${show(axes)} are not all axes of ${show(shape)}`,
  );
  const gone = new Set(axes);
  return {
    kept: shape.map((size, axis) => (gone.has(axis) ? 1 : size)),
    dropped: shape.filter((_, axis) => !gone.has(axis)),
  };
}

const allAxes = (x: Tensor): number[] => [...x.shape.keys()];

/** Sum over axes (all by default); the reduced axes stay with size 1 where `keep` is set. */
export function sum(x: Tensor, axes: readonly number[] = allAxes(x), keep = false): Tensor {
  const { kept, dropped } = reduced('ReduceSum', x.shape, axes);
  if (axes.length === 0) return x;
  return tensorOf(
    {
      name: 'ReduceSum',
      shape: keep ? kept : dropped,
      gradient: (g) => [expand(reshape(g, kept), x.shape)],
      onnx: (nodes, [value = ''], output) =>
        nodes.node('ReduceSum', [value, nodes.integers(axes)], output, { keepdims: { int: keep ? 1 : 0 } }),
      evaluate: ([values = []], out) => {
        const to = broadcastOffsets(kept, x.shape);
        for (let i = 0; i < to.length; i++) out[to[i] ?? 0] = (out[to[i] ?? 0] ?? 0) + (values[i] ?? 0);
      },
      tfjs: (tf, [value]) => tf.sum(value as Tf.Tensor, [...axes], keep),
    },
    [x],
  );
}

/** Mean over axes (all by default). */
export function mean(x: Tensor, axes: readonly number[] = allAxes(x), keep = false): Tensor {
  return mul(sum(x, axes, keep), 1 / sizeOf(axes.map((axis) => x.shape[axis] ?? 1)));
}

/** Largest over axes; entries that share the maximum share its gradient equally. */
export function reduceMax(x: Tensor, axes: readonly number[] = allAxes(x), keep = false): Tensor {
  const { kept, dropped } = reduced('ReduceMax', x.shape, axes);
  return tensorOf(
    {
      name: 'ReduceMax',
      shape: keep ? kept : dropped,
      gradient: (g, y) => {
        const winners = equal(x, reshape(y, kept));
        return [mul(div(reshape(g, kept), sum(winners, axes, true)), winners)];
      },
      onnx: (nodes, inputs, output) =>
        nodes.node('ReduceMax', inputs, output, { axes: { ints: axes }, keepdims: { int: keep ? 1 : 0 } }),
      evaluate: ([values = []], out) => {
        const to = broadcastOffsets(kept, x.shape);
        out.fill(-Infinity);
        for (let i = 0; i < to.length; i++) out[to[i] ?? 0] = Math.max(out[to[i] ?? 0] ?? 0, values[i] ?? 0);
      },
      tfjs: (tf, [value]) => tf.max(value as Tf.Tensor, [...axes], keep),
    },
    [x],
  );
}

/** Sums g back to the shape it was broadcast from. */
export function sumTo(g: Tensor, shape: Shape): Tensor {
  const lead = g.shape.length - shape.length;
  const axes = allAxes(g).filter((axis) => axis < lead || (shape[axis - lead] === 1 && g.shape[axis] !== 1));
  const total = sum(g, axes, true);
  return total.shape.length === shape.length ? total : reshape(total, shape);
}
