import type * as Tf from '@tensorflow/tfjs';
import { exp, mul, sub } from './elementwise.ts';
import { sum } from './reduce.ts';
import { wants } from './shape.ts';
import { tensorOf } from './tensor.ts';
import type { Numbers, Tensor } from './tensor.ts';

/** Calls back for each run of `size` numbers with its start, its maximum and the logarithm of Σ exp(x - maximum). */
function rows(
  values: Numbers,
  size: number,
  each: (start: number, top: number, logSum: number) => void,
): void {
  for (let start = 0; start < values.length; start += size) {
    let top = -Infinity;
    for (let i = start; i < start + size; i++) top = Math.max(top, values[i] ?? 0);
    let total = 0;
    for (let i = start; i < start + size; i++) total += Math.exp((values[i] ?? 0) - top);
    each(start, top, Math.log(total));
  }
}

function overLast(
  name: 'Softmax' | 'LogSoftmax',
  x: Tensor,
  gradient: (g: Tensor, y: Tensor, last: number) => Tensor,
): Tensor {
  const last = x.shape.length - 1;
  wants(last >= 0, name, 'a scalar has no last axis');
  const size = x.shape[last] ?? 1;
  return tensorOf(
    {
      name,
      shape: x.shape,
      gradient: (g, y) => [gradient(g, y, last)],
      onnx: (nodes, inputs, output) => nodes.node(name, inputs, output, { axis: { int: -1 } }),
      evaluate: ([values = new Float64Array()], out) =>
        rows(values, size, (start, top, logSum) => {
          for (let i = start; i < start + size; i++) {
            const logit = (values[i] ?? 0) - top - logSum;
            out[i] = name === 'Softmax' ? Math.exp(logit) : logit;
          }
        }),
      tfjs: (tf, [value]) =>
        name === 'Softmax' ? tf.softmax(value as Tf.Tensor) : tf.logSoftmax(value as Tf.Tensor),
    },
    [x],
  );
}

/** eˣ / Σ eˣ over the last axis. Mask with -1e9 added to what may not be chosen. */
export const softmax = (x: Tensor): Tensor =>
  overLast('Softmax', x, (g, y, last) => {
    const weighted = mul(g, y);
    return sub(weighted, mul(y, sum(weighted, [last], true)));
  });

/** log softmax over the last axis. */
export const logSoftmax = (x: Tensor): Tensor =>
  overLast('LogSoftmax', x, (g, y, last) => sub(g, mul(exp(y), sum(g, [last], true))));
