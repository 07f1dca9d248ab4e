import { add, clamp, max, mul, neg, softplus, sub } from './ir/elementwise.ts';
import { mean, sum } from './ir/reduce.ts';
import { logSoftmax } from './ir/softmax.ts';
import type { Operand, Tensor } from './ir/tensor.ts';

/** Mean squared error. */
export function meanSquaredError(prediction: Tensor, target: Operand): Tensor {
  const error = sub(prediction, target);
  return mean(mul(error, error));
}

/** Huber's loss per element: quadratic up to `delta`, then linear. */
export function huber(prediction: Tensor, target: Operand, delta = 1): Tensor {
  const error = sub(prediction, target);
  const size = max(error, neg(error));
  const near = clamp(size, 0, delta);
  return add(mul(0.5, mul(near, near)), mul(delta, sub(size, near)));
}

/** Cross-entropy per element of a probability given as a logit, against a target in 0..1. */
export const binaryCrossEntropy = (logit: Tensor, target: Operand): Tensor =>
  sub(softplus(logit), mul(logit, target));

/** Cross-entropy per row of logits against probabilities that sum to 1. */
export const crossEntropy = (logits: Tensor, target: Tensor): Tensor =>
  neg(sum(mul(logSoftmax(logits), target), [logits.shape.length - 1]));
