import { add, div, mul, sqrt, sub } from '../ir/elementwise.ts';
import type { Tensor } from '../ir/tensor.ts';
import { LEARNING_RATE } from './optimiser.ts';
import type { Optimiser } from './optimiser.ts';

/** Knobs of Adam; the defaults are those of the paper (Kingma and Ba, 2015). */
export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Decoupled weight decay (AdamW, arXiv 1711.05101) per unit of learning rate; 0 = none. */
  readonly weightDecay?: number;
}

/** Adam with bias correction. */
export function adam({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0,
}: AdamOptions = {}): Optimiser {
  const correction = (beta: number, step: number): number => 1 / (1 - Math.exp(step * Math.log(beta)));
  return {
    slots: ['m', 'v'],
    scalars: (step) => ({ correction1: correction(beta1, step), correction2: correction(beta2, step) }),
    update: (parameter, gradient, slots, scalars) => {
      const [m0, v0] = slots as [Tensor, Tensor];
      const { [LEARNING_RATE]: rate, correction1, correction2 } = scalars as Record<string, Tensor>;
      const m = add(mul(m0, beta1), mul(gradient, 1 - beta1));
      const v = add(mul(v0, beta2), mul(mul(gradient, gradient), 1 - beta2));
      const step = div(mul(m, correction1 ?? 1), add(sqrt(mul(v, correction2 ?? 1)), epsilon));
      const decayed = weightDecay === 0 ? step : add(step, mul(parameter, weightDecay));
      return { parameter: sub(parameter, mul(rate ?? 0, decayed)), slots: [m, v] };
    },
  };
}
