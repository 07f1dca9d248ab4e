import { add, mul, sub } from '../ir/elementwise.ts';
import { LEARNING_RATE } from './optimiser.ts';
import type { Optimiser } from './optimiser.ts';

/** Stochastic gradient descent, with momentum when it is above 0. */
export function sgd(momentum = 0): Optimiser {
  return {
    slots: momentum === 0 ? [] : ['velocity'],
    scalars: () => ({}),
    update: (parameter, gradient, [velocity], scalars) => {
      const step = velocity === undefined ? gradient : add(mul(velocity, momentum), gradient);
      return {
        parameter: sub(parameter, mul(scalars[LEARNING_RATE] ?? 0, step)),
        slots: velocity === undefined ? [] : [step],
      };
    },
  };
}
