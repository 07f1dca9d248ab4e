import { glorot, ones, zeros } from '../initialisers.ts';
import type { Initialiser } from '../initialisers.ts';
import { add, div, mul, sqrt, sub } from '../ir/elementwise.ts';
import { reshape } from '../ir/layout.ts';
import { matmul } from '../ir/matmul.ts';
import { mean } from '../ir/reduce.ts';
import { sizeOf } from '../ir/shape.ts';
import type { Tensor } from '../ir/tensor.ts';
import type { Parameters } from '../parameters.ts';

/** x · W + b over the last axis, any number of axes before it. Weights `NAME/kernel` and `NAME/bias`. */
export function dense(
  parameters: Parameters,
  name: string,
  x: Tensor,
  units: number,
  initialiser: Initialiser = glorot,
): Tensor {
  const lead = x.shape.slice(0, -1);
  const width = x.shape.at(-1) ?? 1;
  const flat = x.shape.length === 2 ? x : reshape(x, [sizeOf(lead), width]);
  const product = matmul(flat, parameters.get(`${name}/kernel`, [width, units], initialiser));
  const y = add(product, parameters.get(`${name}/bias`, [units], zeros));
  return x.shape.length === 2 ? y : reshape(y, [...lead, units]);
}

/** Dense layers with an activation after each. */
export function mlp(
  parameters: Parameters,
  name: string,
  x: Tensor,
  widths: readonly number[],
  activation: (x: Tensor) => Tensor,
  initialiser: Initialiser = glorot,
): Tensor {
  return widths.reduce(
    (y, units, layer) => activation(dense(parameters, `${name}/${layer}`, y, units, initialiser)),
    x,
  );
}

const EPSILON = 1e-5;

/** Layer normalisation over the last axis (Ba et al., 2016). Weights `NAME/gain` and `NAME/shift`. */
export function layerNorm(parameters: Parameters, name: string, x: Tensor): Tensor {
  const last = x.shape.length - 1;
  const size = x.shape[last] ?? 1;
  const centred = sub(x, mean(x, [last], true));
  const deviation = sqrt(add(mean(mul(centred, centred), [last], true), EPSILON));
  const gain = parameters.get(`${name}/gain`, [size], ones);
  return add(mul(div(centred, deviation), gain), parameters.get(`${name}/shift`, [size], zeros));
}
