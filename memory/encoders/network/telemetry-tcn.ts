import { add, mul, relu } from '#learning/ir/elementwise.ts';
import { concat, reshape, slice } from '#learning/ir/layout.ts';
import { input } from '#learning/ir/tensor.ts';
import type { Tensor } from '#learning/ir/tensor.ts';
import { causalConvolution } from '#learning/layers/convolution.ts';
import { dense } from '#learning/layers/dense.ts';
import type { Parameters } from '#learning/parameters.ts';
import { COLUMNS, WINDOW } from '../features/columns.ts';

const KERNEL = 2;
/** With kernels of two taps the last step sees 1 + 1 + 2 + 4 + 8 = 16 steps: the whole window. */
const DILATIONS = [1, 2, 4, 8];

/** A dilated temporal convolutional network (arXiv 1803.01271) over the telemetry window: what its last step says, [batch, units]. */
export function telemetryTcn(parameters: Parameters, batch: number, units: number): Tensor {
  const width = COLUMNS.telemetry.length;
  const heard = input('heard', [batch, WINDOW, 1]);
  const samples = mul(input('telemetry', [batch, WINDOW, width]), heard);
  let h = dense(parameters, 'telemetry/in', concat([samples, heard], 2), units);
  for (const dilation of DILATIONS) {
    const options = { channels: units, kernel: KERNEL, dilation };
    h = add(h, relu(causalConvolution(parameters, `telemetry/${dilation}`, h, options)));
  }
  return reshape(slice(h, 1, WINDOW - 1, WINDOW), [batch, units]);
}
