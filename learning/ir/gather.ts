import type * as Tf from '@tensorflow/tfjs';
import { show, sizeOf, wants } from './shape.ts';
import type { Shape } from './shape.ts';
import { tensorOf } from './tensor.ts';
import type { OnnxNodes, Tensor } from './tensor.ts';

const asInt64 = (nodes: OnnxNodes, indices: string): string => {
  const output = nodes.fresh();
  nodes.node('Cast', [indices], output, { to: { int: 7 } });
  return output;
};

const asInt32 = (tf: typeof Tf, indices: Tf.Tensor | undefined): Tf.Tensor1D =>
  tf.cast(indices as Tf.Tensor1D, 'int32');

function row(indices: ArrayLike<number>, i: number, rows: number, name: string): number {
  const index = indices[i] ?? -1;
  if (!Number.isInteger(index) || index < 0 || index >= rows)
    throw new RangeError(`${name}: index ${index} at ${i} is not one of ${rows} rows`);
  return index;
}

/**
 * Rows of x by index: `result[i] = x[indices[i]]`. Indices are whole numbers below the row count held as floats (exact to 2²⁴); they have
 * no gradient. An index outside is an error in the reference and in onnxruntime.
 */
export function gather(x: Tensor, indices: Tensor): Tensor {
  const [rows = 0, ...rest] = x.shape;
  wants(rows > 0 && indices.shape.length === 1, 'Gather', `${show(x.shape)} by ${show(indices.shape)}`);
  const width = sizeOf(rest);
  return tensorOf(
    {
      name: 'Gather',
      shape: [...indices.shape, ...rest],
      gradient: (g) => [scatterAdd(g, indices, rows)],
      onnx: (nodes, [value = '', at = ''], output) =>
        nodes.node('Gather', [value, asInt64(nodes, at)], output, { axis: { int: 0 } }),
      evaluate: ([values = new Float64Array(), at = []], out) => {
        for (let i = 0; i < at.length; i++) {
          const from = row(at, i, rows, 'Gather') * width;
          out.set(values.subarray(from, from + width), i * width);
        }
      },
      tfjs: (tf, [value, at]) => tf.gather(value as Tf.Tensor, asInt32(tf, at), 0),
    },
    [x, indices],
  );
}

/** Rows of x summed where they belong: `result[indices[i]] += x[i]`, `rows` rows. The transpose of `gather`. */
export function scatterAdd(x: Tensor, indices: Tensor, rows: number): Tensor {
  const [count = 0, ...rest] = x.shape;
  wants(
    indices.shape.length === 1 && indices.shape[0] === count,
    'ScatterAdd',
    `${show(x.shape)} by ${show(indices.shape)}`,
  );
  const shape: Shape = [rows, ...rest];
  const width = sizeOf(rest);
  return tensorOf(
    {
      name: 'ScatterAdd',
      shape,
      gradient: (g) => [gather(g, indices)],
      onnx: (nodes, [value = '', at = ''], output) => {
        const [zeros, column] = [nodes.fresh(), nodes.fresh()];
        nodes.node('ConstantOfShape', [nodes.integers(shape)], zeros, { value: { scalar: 0 } });
        nodes.node('Reshape', [asInt64(nodes, at), nodes.integers([count, 1])], column);
        nodes.node('ScatterND', [zeros, column, value], output, { reduction: { text: 'add' } });
      },
      evaluate: ([values = [], at = []], out) => {
        for (let i = 0; i < at.length; i++) {
          const to = row(at, i, rows, 'ScatterAdd') * width;
          for (let k = 0; k < width; k++) out[to + k] = (out[to + k] ?? 0) + (values[i * width + k] ?? 0);
        }
      },
      tfjs: (tf, [value, at]) => tf.unsortedSegmentSum(value as Tf.Tensor, asInt32(tf, at), rows),
    },
    [x, indices],
  );
}
