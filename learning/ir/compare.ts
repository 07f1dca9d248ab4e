import type * as Tf from '@tensorflow/tfjs';
import { broadcast, broadcastOffsets } from './shape.ts';
import { asTensor, tensorOf } from './tensor.ts';
import type { Operand, Tensor } from './tensor.ts';

const FLOAT = { to: { int: 1 } };
const BOOL = { to: { int: 9 } };

/** A comparison as a mask of zeros and ones: it can be multiplied with, and has no gradient. */
const comparison =
  (
    name: string,
    of: (a: number, b: number) => boolean,
    tfjs: (tf: typeof Tf, a: Tf.Tensor, b: Tf.Tensor) => Tf.Tensor,
  ) =>
  (left: Operand, right: Operand): Tensor => {
    const [a, b] = [asTensor(left), asTensor(right)];
    const shape = broadcast(name, a.shape, b.shape);
    return tensorOf(
      {
        name,
        shape,
        gradient: () => [],
        onnx: (nodes, inputs, output) => {
          const truth = nodes.fresh();
          nodes.node(name, inputs, truth);
          nodes.node('Cast', [truth], output, FLOAT);
        },
        evaluate: ([x = [], y = []], out) => {
          const [at, bt] = [broadcastOffsets(a.shape, shape), broadcastOffsets(b.shape, shape)];
          for (let i = 0; i < out.length; i++) out[i] = of(x[at[i] ?? 0] ?? 0, y[bt[i] ?? 0] ?? 0) ? 1 : 0;
        },
        // TensorFlow.js refuses to differentiate through a comparison; say that its derivative is zero.
        tfjs: (tf, [x, y]) =>
          tf.customGrad((p, q) => ({
            value: tf.cast(tfjs(tf, p as Tf.Tensor, q as Tf.Tensor), 'float32'),
            gradFunc: () => [tf.zeros([...a.shape]), tf.zeros([...b.shape])],
          }))(x as Tf.Tensor, y as Tf.Tensor),
      },
      [a, b],
    );
  };

/** 1 where a ≤ b, else 0. */
export const lessOrEqual = comparison(
  'LessOrEqual',
  (a, b) => a <= b,
  (tf, a, b) => tf.lessEqual(a, b),
);

/** 1 where a < b, else 0. */
export const less = comparison(
  'Less',
  (a, b) => a < b,
  (tf, a, b) => tf.less(a, b),
);

/** 1 where a = b, else 0. */
export const equal = comparison(
  'Equal',
  (a, b) => a === b,
  (tf, a, b) => tf.equal(a, b),
);

/** `a` where the mask is not 0, else `b`; what is not chosen is not touched, so it may be infinite. The mask has no gradient. */
export function where(mask: Tensor, left: Operand, right: Operand): Tensor {
  const [a, b] = [asTensor(left), asTensor(right)];
  const shape = broadcast('Where', mask.shape, broadcast('Where', a.shape, b.shape));
  return tensorOf(
    {
      name: 'Where',
      shape,
      gradient: (g) => [undefined, where(mask, g, 0), where(mask, 0, g)],
      onnx: (nodes, [chosen = '', x = '', y = ''], output) => {
        const truth = nodes.fresh();
        nodes.node('Cast', [chosen], truth, BOOL);
        nodes.node('Where', [truth, x, y], output);
      },
      evaluate: ([chosen = [], x = [], y = []], out) => {
        const [ct, at, bt] = [mask, a, b].map((t) => broadcastOffsets(t.shape, shape));
        for (let i = 0; i < out.length; i++)
          out[i] = ((chosen[ct?.[i] ?? 0] ?? 0) === 0 ? y[bt?.[i] ?? 0] : x[at?.[i] ?? 0]) ?? 0;
      },
      tfjs: (tf, [chosen, x, y]) => {
        const stretched = tf.broadcastTo(chosen as Tf.Tensor, [...shape]);
        const [p, q] = [x, y].map((t) => tf.broadcastTo(t as Tf.Tensor, [...shape]));
        return tf.where(tf.cast(stretched, 'bool'), p as Tf.Tensor, q as Tf.Tensor);
      },
    },
    [mask, a, b],
  );
}
