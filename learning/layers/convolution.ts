import { concat, pad, slice } from '../ir/layout.ts';
import type { Tensor } from '../ir/tensor.ts';
import type { Parameters } from '../parameters.ts';
import { dense } from './dense.ts';

/** x [batch, steps, channels] moved `steps` later in time; zeros come in. */
function delayed(x: Tensor, steps: number): Tensor {
  const length = x.shape[1] ?? 0;
  return pad(slice(x, 1, 0, length - steps), 1, steps, 0);
}

/**
 * Dilated causal convolution over time (WaveNet; TCN, arXiv 1803.01271): output t sees inputs t, t - dilation, … t - (kernel - 1)·dilation
 * of x [batch, steps, channels], zeros before the start. Taps side by side and one product.
 */
export function causalConvolution(
  parameters: Parameters,
  name: string,
  x: Tensor,
  { channels, kernel, dilation }: { channels: number; kernel: number; dilation: number },
): Tensor {
  const length = x.shape[1] ?? 0;
  const taps = Array.from({ length: kernel }, (_, tap) => tap * dilation).filter((steps) => steps < length);
  return dense(
    parameters,
    name,
    concat(
      taps.map((steps) => delayed(x, steps)),
      2,
    ),
    channels,
  );
}
