import { equal, less, lessOrEqual, where } from './compare.ts';
import {
  add,
  clamp,
  div,
  exp,
  gelu,
  log,
  max,
  min,
  mul,
  neg,
  relu,
  sigmoid,
  softplus,
  sqrt,
  sub,
  tanh,
} from './elementwise.ts';
import { gather, scatterAdd } from './gather.ts';
import { concat, expand, pad, reshape, slice, transpose } from './layout.ts';
import { matmul } from './matmul.ts';
import { mean, reduceMax, sum } from './reduce.ts';
import type { Shape } from './shape.ts';
import { softmax, logSoftmax } from './softmax.ts';
import { constant, full } from './tensor.ts';
import type { Tensor } from './tensor.ts';

/** One operation on inputs of given shapes. Values are drawn from `range`, away from kinks: apart from each other and from 0 by 0.05. */
export interface Case {
  readonly shapes: readonly Shape[];
  readonly of: (...inputs: Tensor[]) => Tensor;
  readonly range?: readonly [number, number];
  /** Where several inputs share a maximum, TensorFlow.js gives each the whole gradient, which is no slope: not compared. */
  readonly ties?: boolean;
}

type Inputs = [Tensor, Tensor, Tensor];
const on = (
  shapes: readonly Shape[],
  of: (...inputs: Inputs) => Tensor,
  range?: readonly [number, number],
): Case => ({
  shapes,
  of: (...inputs) => of(...(inputs as Inputs)),
  ...(range === undefined ? {} : { range }),
});

const POSITIVE = [0.3, 2] as const;
const rows = constant([3, 0, 3, 1], [4]);

/** Every operation, with and without broadcasting, on every axis it has. */
export const cases: Readonly<Record<string, Case>> = {
  'add, same shape': on(
    [
      [2, 3],
      [2, 3],
    ],
    (a, b) => add(a, b),
  ),
  'add, a row': on([[2, 3], [3]], (a, b) => add(a, b)),
  'add, a number': on([[2, 3]], (a) => add(2.5, a)),
  'sub, both stretched': on(
    [
      [2, 1, 3],
      [4, 1],
    ],
    (a, b) => sub(a, b),
  ),
  'mul, a column': on(
    [
      [2, 3],
      [2, 1],
    ],
    (a, b) => mul(a, b),
  ),
  'mul, itself': on([[5]], (a) => mul(a, a)),
  'div, a row': on([[2, 3], [3]], (a, b) => div(a, b), POSITIVE),
  min: on([[4, 3], [3]], (a, b) => min(a, b)),
  max: on(
    [
      [4, 3],
      [4, 3],
    ],
    (a, b) => max(a, b),
  ),
  clamp: on([[12]], (a) => clamp(a, -0.52, 0.61)),
  neg: on([[4]], (a) => neg(a)),
  exp: on([[2, 3]], (a) => exp(a)),
  log: on([[2, 3]], (a) => log(a), POSITIVE),
  sqrt: on([[2, 3]], (a) => sqrt(a), POSITIVE),
  tanh: on([[2, 3]], (a) => tanh(a)),
  sigmoid: on([[2, 3]], (a) => sigmoid(a)),
  relu: on([[4, 3]], (a) => relu(a)),
  gelu: on([[4, 3]], (a) => gelu(a)),
  softplus: on([[4, 3]], (a) => softplus(a)),
  'lessOrEqual as a mask': on([[4, 3], [3]], (a, b) => mul(a, lessOrEqual(a, b))),
  'less as a mask': on(
    [
      [4, 3],
      [4, 1],
    ],
    (a, b) => mul(b, less(a, b)),
  ),
  'equal as a mask': on([[4, 3]], (a) => mul(a, equal(a, slice(a, 0, 0, 1)))),
  'where, a scalar and a row': on([[4, 3], [3], []], (a, b, c) => where(less(a, 0), b, c)),
  'where keeps infinities out': on([[6]], (a) => where(less(a, 0), 1, sqrt(where(less(a, 0), 1, a)))),
  softmax: on([[2, 5]], (a) => softmax(a)),
  'softmax, masked': on([[2, 3]], (a) => softmax(add(a, constant([0, -1e9, 0], [3])))),
  logSoftmax: on([[2, 2, 3]], (a) => logSoftmax(a)),
  'sum of all': on([[2, 3]], (a) => sum(a)),
  'sum, first axis': on([[2, 3, 2]], (a) => sum(a, [0])),
  'sum, outer axes kept': on([[2, 3, 2]], (a) => sum(a, [0, 2], true)),
  'mean, last axis': on([[2, 3]], (a) => mean(a, [1], true)),
  'reduceMax, last axis': on([[4, 3]], (a) => reduceMax(a, [1])),
  'reduceMax, first axis kept': on([[4, 3]], (a) => reduceMax(a, [0], true)),
  'reduceMax, shared': { ...on([[4]], (a) => reduceMax(concat([a, a], 0))), ties: true },
  reshape: on([[2, 3]], (a) => mul(reshape(a, [3, 2]), constant([1, 2, 3, 4, 5, 6], [3, 2]))),
  transpose: on([[2, 3, 4]], (a) => transpose(a, [2, 0, 1])),
  slice: on([[2, 5]], (a) => slice(a, 1, 1, 4)),
  'slices that tile': on([[2, 6]], (a) => mul(slice(a, 1, 0, 2), sub(slice(a, 1, 4, 6), slice(a, 1, 2, 4)))),
  'slices that overlap': on([[5, 2]], (a) => mul(slice(a, 0, 0, 3), slice(a, 0, 2, 5))),
  'slices that leave a gap': on([[6]], (a) => mul(slice(a, 0, 0, 2), slice(a, 0, 4, 6))),
  pad: on([[2, 3]], (a) => mul(pad(a, 1, 2, 1), constant([1, 2, 3, 4, 5, 6], [6]))),
  concat: on(
    [
      [2, 1],
      [2, 3],
      [2, 2],
    ],
    (a, b, c) => concat([a, b, c], 1),
  ),
  expand: on([[2, 1]], (a) => expand(a, [3, 2, 2])),
  full: on([[2, 2]], (a) => add(a, full(3, [2, 2]))),
  matmul: on(
    [
      [2, 3],
      [3, 4],
    ],
    (a, b) => matmul(a, b),
  ),
  'matmul, left transposed': on(
    [
      [3, 2],
      [3, 4],
    ],
    (a, b) => matmul(a, b, { a: true }),
  ),
  'matmul, right transposed': on(
    [
      [2, 3],
      [4, 3],
    ],
    (a, b) => matmul(a, b, { b: true }),
  ),
  'matmul, both transposed': on(
    [
      [3, 2],
      [4, 3],
    ],
    (a, b) => matmul(a, b, { a: true, b: true }),
  ),
  'matmul, batched': on(
    [
      [2, 2, 3],
      [2, 3, 2],
    ],
    (a, b) => matmul(a, b),
  ),
  'matmul, batched, left transposed': on(
    [
      [2, 3, 2],
      [2, 3, 2],
    ],
    (a, b) => matmul(a, b, { a: true }),
  ),
  'matmul, batched, right transposed': on(
    [
      [2, 2, 3],
      [2, 4, 3],
    ],
    (a, b) => matmul(a, b, { b: true }),
  ),
  'matmul, batched, both transposed': on(
    [
      [2, 3, 2],
      [2, 4, 3],
    ],
    (a, b) => matmul(a, b, { a: true, b: true }),
  ),
  gather: on([[5, 2]], (a) => gather(a, rows)),
  scatterAdd: on([[4, 2]], (a) => scatterAdd(a, rows, 5)),
};
