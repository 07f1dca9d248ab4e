import type * as Tf from '@tensorflow/tfjs';
import { lessOrEqual } from './compare.ts';
import { broadcast, broadcastOffsets, sameShape } from './shape.ts';
import { asTensor, tensorOf } from './tensor.ts';
import type { Operand, Tensor } from './tensor.ts';

interface Binary {
  readonly of: (a: number, b: number) => number;
  readonly gradient: (g: Tensor, a: Tensor, b: Tensor, y: Tensor) => readonly [Tensor, Tensor];
  readonly tfjs: (tf: typeof Tf, a: Tf.Tensor, b: Tf.Tensor) => Tf.Tensor;
}

const binary =
  (name: string, { of, gradient, tfjs }: Binary) =>
  (left: Operand, right: Operand): Tensor => {
    const [a, b] = [asTensor(left), asTensor(right)];
    const shape = broadcast(name, a.shape, b.shape);
    return tensorOf(
      {
        name,
        shape,
        gradient: (g, y) => gradient(g, a, b, y),
        onnx: (nodes, inputs, output) => nodes.node(name, inputs, output),
        evaluate: ([x = [], y = []], out) => {
          if (sameShape(a.shape, b.shape)) {
            for (let i = 0; i < out.length; i++) out[i] = of(x[i] ?? 0, y[i] ?? 0);
            return;
          }
          const [at, bt] = [broadcastOffsets(a.shape, shape), broadcastOffsets(b.shape, shape)];
          for (let i = 0; i < out.length; i++) out[i] = of(x[at[i] ?? 0] ?? 0, y[bt[i] ?? 0] ?? 0);
        },
        tfjs: (tf, [x, y]) => tfjs(tf, x as Tf.Tensor, y as Tf.Tensor),
      },
      [a, b],
    );
  };

export const add = binary('Add', {
  of: (a, b) => a + b,
  gradient: (g) => [g, g],
  tfjs: (tf, a, b) => tf.add(a, b),
});

export const sub = binary('Sub', {
  of: (a, b) => a - b,
  gradient: (g) => [g, neg(g)],
  tfjs: (tf, a, b) => tf.sub(a, b),
});

export const mul = binary('Mul', {
  of: (a, b) => a * b,
  gradient: (g, a, b) => [mul(g, b), mul(g, a)],
  tfjs: (tf, a, b) => tf.mul(a, b),
});

export const div = binary('Div', {
  of: (a, b) => a / b,
  gradient: (g, _a, b, y) => [div(g, b), neg(mul(g, div(y, b)))],
  tfjs: (tf, a, b) => tf.div(a, b),
});

/** The smaller of two; where they are equal the gradient goes to the first. */
export const min = binary('Min', {
  of: (a, b) => (a <= b ? a : b),
  gradient: (g, a, b) => split(g, lessOrEqual(a, b)),
  tfjs: (tf, a, b) => tf.minimum(...stretched(tf, a, b)),
});

/** The larger of two; where they are equal the gradient goes to the first. */
export const max = binary('Max', {
  of: (a, b) => (a >= b ? a : b),
  gradient: (g, a, b) => split(g, lessOrEqual(b, a)),
  tfjs: (tf, a, b) => tf.maximum(...stretched(tf, a, b)),
});

/** TensorFlow.js does not sum the gradient of minimum and maximum back over what was broadcast; addition does. */
const stretched = (tf: typeof Tf, a: Tf.Tensor, b: Tf.Tensor): [Tf.Tensor, Tf.Tensor] => [
  tf.add(a, tf.zerosLike(b)),
  tf.add(b, tf.zerosLike(a)),
];

const split = (g: Tensor, first: Tensor): [Tensor, Tensor] => [mul(g, first), mul(g, sub(1, first))];

interface Unary {
  readonly of: (x: number) => number;
  readonly gradient: (g: Tensor, x: Tensor, y: Tensor) => Tensor;
  readonly tfjs: (tf: typeof Tf, x: Tf.Tensor) => Tf.Tensor;
}

const unary =
  (name: string, { of, gradient, tfjs }: Unary) =>
  (x: Tensor): Tensor =>
    tensorOf(
      {
        name,
        shape: x.shape,
        gradient: (g, y) => [gradient(g, x, y)],
        onnx: (nodes, inputs, output) => nodes.node(name, inputs, output),
        evaluate: ([values = []], out) => {
          for (let i = 0; i < out.length; i++) out[i] = of(values[i] ?? 0);
        },
        tfjs: (tf, [value]) => tfjs(tf, value as Tf.Tensor),
      },
      [x],
    );

export const neg = unary('Neg', { of: (x) => -x, gradient: (g) => neg(g), tfjs: (tf, x) => tf.neg(x) });

export const exp = unary('Exp', {
  of: (x) => Math.exp(x),
  gradient: (g, _x, y) => mul(g, y),
  tfjs: (tf, x) => tf.exp(x),
});

/** Natural logarithm. */
export const log = unary('Log', {
  of: (x) => Math.log(x),
  gradient: (g, x) => div(g, x),
  tfjs: (tf, x) => tf.log(x),
});

export const sqrt = unary('Sqrt', {
  of: (x) => Math.sqrt(x),
  gradient: (g, _x, y) => div(mul(g, 0.5), y),
  tfjs: (tf, x) => tf.sqrt(x),
});

export const tanh = unary('Tanh', {
  of: (x) => Math.tanh(x),
  gradient: (g, _x, y) => mul(g, sub(1, mul(y, y))),
  tfjs: (tf, x) => tf.tanh(x),
});

export const sigmoid = unary('Sigmoid', {
  of: (x) => 1 / (1 + Math.exp(-x)),
  gradient: (g, _x, y) => mul(g, mul(y, sub(1, y))),
  tfjs: (tf, x) => tf.sigmoid(x),
});

/** max(x, 0); its derivative at 0 is 0. */
export const relu = unary('Relu', {
  of: (x) => (x > 0 ? x : 0),
  gradient: (g, _x, y) => mul(g, sub(1, lessOrEqual(y, 0))),
  tfjs: (tf, x) => tf.relu(x),
});

/** x · Φ(x) in the tanh form of Hendrycks and Gimpel (arXiv 1606.08415). */
export function gelu(x: Tensor): Tensor {
  const inner = mul(Math.sqrt(2 / Math.PI), add(x, mul(0.044715, mul(x, mul(x, x)))));
  return mul(mul(0.5, x), add(1, tanh(inner)));
}

/** x held between two bounds; no gradient outside. */
export const clamp = (x: Tensor, low: number, high: number): Tensor => min(max(x, low), high);

/** log(1 + eˣ) without overflow. */
export const softplus = (x: Tensor): Tensor => add(max(x, 0), log(add(1, exp(neg(max(x, neg(x)))))));
