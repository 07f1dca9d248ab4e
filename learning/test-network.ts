import { layerNorm, dense, mlp } from './layers/dense.ts';
import { causalConvolution } from './layers/convolution.ts';
import { transformerBlock } from './layers/attention.ts';
import { gru } from './layers/gru.ts';
import { meanSquaredError } from './losses.ts';
import { add, mul, tanh } from './ir/elementwise.ts';
import { gather, scatterAdd } from './ir/gather.ts';
import { reshape, slice } from './ir/layout.ts';
import { mean } from './ir/reduce.ts';
import { constant, input } from './ir/tensor.ts';
import type { Tensor } from './ir/tensor.ts';
import { Parameters } from './parameters.ts';
import { Random } from './random.ts';

/** A network and what it is fed, for tests. Smooth: finite differences are not upset by kinks. */
export interface Network {
  readonly parameters: Parameters;
  readonly loss: Tensor;
  readonly data: Readonly<Record<string, Float32Array>>;
}

const draw = (random: Random, count: number): Float32Array =>
  Float32Array.from({ length: count }, () => random.normal());

/** Small networks of every layer: what the gradient and the executors are checked on beyond single operations. */
export const networks: Readonly<Record<string, () => Network>> = {
  'layers with normalisation': () => {
    const random = new Random(1);
    const parameters = new Parameters(random);
    const hidden = mlp(parameters, 'body', input('x', [6, 4]), [5, 5], (x) =>
      tanh(layerNorm(parameters, 'norm', x)),
    );
    const loss = meanSquaredError(dense(parameters, 'head', hidden, 2), input('target', [6, 2]));
    return { parameters, loss, data: { x: draw(random, 24), target: draw(random, 12) } };
  },
  'a GRU over four steps': () => {
    const random = new Random(2);
    const parameters = new Parameters(random);
    const cell = gru(parameters, 'gru', 3, 4);
    const projected = cell.project(input('x', [8, 3]));
    let state: Tensor = input('state', [2, 4]);
    for (let step = 0; step < 4; step++)
      state = cell.step(slice(projected, 0, 2 * step, 2 * step + 2), state);
    const loss = meanSquaredError(dense(parameters, 'head', state, 1), input('target', [2, 1]));
    return {
      parameters,
      loss,
      data: { x: draw(random, 24), state: draw(random, 8), target: draw(random, 2) },
    };
  },
  'dilated convolutions': () => {
    const random = new Random(3);
    const parameters = new Parameters(random);
    let y: Tensor = input('x', [2, 6, 3]);
    for (const dilation of [1, 2, 8])
      y = tanh(causalConvolution(parameters, `conv${dilation}`, y, { channels: 4, kernel: 2, dilation }));
    return { parameters, loss: mean(mul(y, y)), data: { x: draw(random, 36) } };
  },
  'a transformer block': () => {
    const random = new Random(4);
    const parameters = new Parameters(random);
    const mask = constant([0, 0, -1e9], [1, 1, 3]);
    const y = transformerBlock(parameters, 'block', input('x', [2, 3, 4]), { heads: 2, hidden: 6, mask });
    const loss = meanSquaredError(reshape(y, [6, 4]), input('target', [6, 4]));
    return { parameters, loss, data: { x: draw(random, 24), target: draw(random, 24) } };
  },
  'messages along edges': () => {
    const random = new Random(5);
    const parameters = new Parameters(random);
    const [from, to] = [input('from', [5]), input('to', [5])];
    let h: Tensor = input('x', [4, 3]);
    for (const layer of [0, 1])
      h = tanh(
        add(
          dense(parameters, `self${layer}`, h, 3),
          dense(parameters, `near${layer}`, scatterAdd(gather(h, from), to, 4), 3),
        ),
      );
    const data = {
      x: draw(random, 12),
      from: Float32Array.of(0, 1, 2, 2, 3),
      to: Float32Array.of(1, 2, 0, 3, 3),
    };
    return { parameters, loss: mean(mul(h, h)), data };
  },
};
