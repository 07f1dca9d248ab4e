import { orthogonal, zeros } from '../initialisers.ts';
import { add, mul, sigmoid, sub, tanh } from '../ir/elementwise.ts';
import { slice } from '../ir/layout.ts';
import { matmul } from '../ir/matmul.ts';
import type { Tensor } from '../ir/tensor.ts';
import type { Parameters } from '../parameters.ts';

/** A gated recurrent unit (Cho et al., 2014, with the reset gate after the product as in cuDNN) ready to step. */
export interface Gru {
  /** The part of a step that does not depend on the state: [rows, 3·units] of x [rows, width]; made once for a whole sequence. */
  readonly project: (x: Tensor) => Tensor;
  /** The next state [rows, units] from a projection and the state before. */
  readonly step: (projected: Tensor, state: Tensor) => Tensor;
}

/** Weights `NAME/input`, `NAME/state` and their biases, `[reset ‖ update ‖ candidate]` side by side. */
export function gru(parameters: Parameters, name: string, width: number, units: number): Gru {
  const kernel = parameters.get(`${name}/input/kernel`, [width, 3 * units], orthogonal());
  const bias = parameters.get(`${name}/input/bias`, [3 * units], zeros);
  const stateKernel = parameters.get(`${name}/state/kernel`, [units, 3 * units], orthogonal());
  const stateBias = parameters.get(`${name}/state/bias`, [3 * units], zeros);
  return {
    project: (x) => add(matmul(x, kernel), bias),
    step: (projected, state) => {
      const recurrent = add(matmul(state, stateKernel), stateBias);
      const gates = sigmoid(add(slice(projected, 1, 0, 2 * units), slice(recurrent, 1, 0, 2 * units)));
      const reset = slice(gates, 1, 0, units);
      const update = slice(gates, 1, units, 2 * units);
      const candidate = tanh(
        add(slice(projected, 1, 2 * units, 3 * units), mul(reset, slice(recurrent, 1, 2 * units, 3 * units))),
      );
      return add(candidate, mul(update, sub(state, candidate)));
    },
  };
}
