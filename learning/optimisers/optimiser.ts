import type { Tensor } from '../ir/tensor.ts';

/** A rule that turns gradients into new parameters, written as part of the training graph. */
export interface Optimiser {
  /** Names of what is remembered per parameter between steps; each starts as zeros of the parameter's shape. */
  readonly slots: readonly string[];
  /** Scalars fed at update `step` (from 1), beside the learning rate. */
  readonly scalars: (step: number) => Readonly<Record<string, number>>;
  readonly update: (
    parameter: Tensor,
    gradient: Tensor,
    slots: readonly Tensor[],
    scalars: Readonly<Record<string, Tensor>>,
  ) => { readonly parameter: Tensor; readonly slots: readonly Tensor[] };
}

/** Name of the scalar input that holds the learning rate. */
export const LEARNING_RATE = 'learningRate';
