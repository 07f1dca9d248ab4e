import assert from 'node:assert/strict';
import { evaluate } from './executors/reference.ts';
import { constant, input } from './ir/tensor.ts';
import type { Tensor } from './ir/tensor.ts';
import { binaryCrossEntropy, crossEntropy, huber, meanSquaredError } from './losses.ts';

const x = input('x', [4]);
const at = (loss: Tensor, values: readonly number[]): number[] => [
  ...(evaluate([loss], { x: values })[0] ?? []),
];
const near = (found: readonly number[], wanted: readonly number[]): void => {
  assert.equal(found.length, wanted.length);
  for (const [i, value] of wanted.entries())
    assert.ok(Math.abs((found[i] ?? NaN) - value) < 1e-12, found.join(' '));
};

describe('losses', () => {
  it('mean squared error', () => near(at(meanSquaredError(x, 1), [1, 2, 3, -1]), [(0 + 1 + 4 + 4) / 4]));

  it('Huber is quadratic to delta and linear beyond, on both sides', () =>
    near(at(huber(x, 0, 2), [1, -1, 3, -5]), [0.5, 0.5, 2 + 2 * 1, 2 + 2 * 3]));

  it('binary cross-entropy from logits, without overflow where exp would', () => {
    const p = 1 / (1 + Math.exp(-0.3));
    near(at(binaryCrossEntropy(x, 0.25), [0.3, 0, 800, -800]), [
      -0.25 * Math.log(p) - 0.75 * Math.log(1 - p),
      Math.log(2),
      600,
      200,
    ]);
  });

  it('cross-entropy of rows', () => {
    const logits = input('x', [2, 2]);
    const target = constant([1, 0, 0.5, 0.5], [2, 2]);
    near(at(crossEntropy(logits, target), [Math.log(3), 0, 5, 5]), [Math.log(4 / 3), Math.log(2)]);
  });
});
