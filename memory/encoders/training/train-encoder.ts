import type { Executor } from '#learning/executors/executor.ts';
import { add, max, min, mul, sqrt, sub } from '#learning/ir/elementwise.ts';
import { slice, transpose } from '#learning/ir/layout.ts';
import { matmul } from '#learning/ir/matmul.ts';
import { mean, sum } from '#learning/ir/reduce.ts';
import { input } from '#learning/ir/tensor.ts';
import type { Tensor } from '#learning/ir/tensor.ts';
import { binaryCrossEntropy, meanSquaredError } from '#learning/losses.ts';
import type { Weights } from '#learning/onnx/writer.ts';
import { adam } from '#learning/optimisers/adam.ts';
import { Parameters } from '#learning/parameters.ts';
import { Random } from '#learning/random.ts';
import { trainStep } from '#learning/training/train-step.ts';
import { Trainer } from '#learning/training/trainer.ts';
import { bucketFor } from '../network/buckets.ts';
import { encoderNetwork, outcomeHeads } from '../network/encoder-network.ts';
import { fitNormalisers, pack } from '../network/pack.ts';
import type { Normalisers } from '../network/pack.ts';
import { outcomeRow, outcomeScale } from './example.ts';
import type { Example, OutcomeScale } from './example.ts';

/** Knobs of training. */
export interface TrainingOptions {
  readonly seed: number;
  readonly epochs: number;
  readonly batch: number;
  /** At the start; falls linearly to a twentieth. */
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Weight of the term that makes cosine distances follow outcome distances; 0 = none. */
  readonly metric: number;
  /** Share of examples whose telemetry is hidden, so that a DAG that has not run yet is understood too. */
  readonly hideTelemetry: number;
}

export const TRAINING_DEFAULTS: TrainingOptions = {
  seed: 1,
  epochs: 12,
  batch: 64,
  learningRate: 2e-3,
  weightDecay: 1e-2,
  metric: 1,
  hideTelemetry: 0.25,
};

/** What training leaves: everything that the encoder's file is made of. */
export interface TrainedEncoder {
  readonly weights: Weights;
  readonly normalisers: Normalisers;
  readonly outcomes: OutcomeScale;
  /** Mean training loss of each epoch. */
  readonly losses: readonly number[];
}

/**
 * Trains encoder and outcome heads on examples. Same examples and options, same weights on one kind of processor. Throws `Diverged`
 * when the numbers do, `RangeError` when there are fewer examples than a batch.
 */
export async function trainEncoder(
  executor: Executor,
  examples: readonly Example[],
  options: TrainingOptions,
  report: (epoch: number, loss: number) => void = () => {},
): Promise<TrainedEncoder> {
  const { seed, epochs, batch } = options;
  if (examples.length < batch)
    throw new RangeError(`${examples.length} examples do not fill a batch of ${batch}`);
  const normalisers = fitNormalisers(examples.map((e) => e.features));
  const outcomes = outcomeScale(examples);
  const bucket = bucketFor(examples.map((e) => e.features));
  const random = new Random(seed);
  const parameters = new Parameters(random.split('weights'));
  const z = encoderNetwork(parameters, batch, bucket);
  const loss = trainingLoss(parameters, z, batch, options.metric);
  const optimiser = adam({ weightDecay: options.weightDecay });
  const step = trainStep({ loss, parameters: parameters.tensors, optimiser, maxNorm: 1 });
  const trainer = await Trainer.create(executor, step, parameters.weights);
  const order = random.split('order');
  const hiding = random.split('hiding');
  const steps = Math.floor(examples.length / batch);
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const shuffled = order.order(examples.length);
    let total = 0;
    for (let s = 0; s < steps; s++) {
      const chosen = Array.from(shuffled.subarray(s * batch, (s + 1) * batch), (i) => examples[i] as Example);
      const seen = chosen.map(({ features }) =>
        hiding.uniform() < options.hideTelemetry ? { ...features, telemetry: new Float32Array() } : features,
      );
      const done = (epoch * steps + s) / (epochs * steps);
      const data = { ...pack(seen, bucket, normalisers), ...targets(chosen, outcomes) };
      const result = await trainer.step(data, options.learningRate * (1 - 0.95 * done));
      total += result['loss']?.[0] ?? NaN;
    }
    losses.push(total / steps);
    report(epoch + 1, total / steps);
  }
  const weights = new Map([
    ...trainer.weights(),
    ['outcome/mean', outcomes.mean] as const,
    ['outcome/scale', outcomes.scale] as const,
  ]);
  await trainer.close();
  return { weights, normalisers, outcomes, losses };
}

function targets(examples: readonly Example[], { mean, scale }: OutcomeScale): Record<string, Float32Array> {
  const rows = examples.map(({ outcome }) => outcomeRow(outcome));
  return {
    violated: Float32Array.from(rows, (row) => row[1]),
    outcomes: Float32Array.from(
      rows.flatMap((row) => row.map((x, c) => (x - (mean[c] ?? 0)) / (scale[c] ?? 1))),
    ),
  };
}

/** Squared errors of latency and busy share, cross-entropy of the violated share, and the metric term. */
function trainingLoss(parameters: Parameters, z: Tensor, batch: number, metric: number): Tensor {
  const wanted = input('outcomes', [batch, 3]);
  const heads = outcomeHeads(parameters, z);
  const column = (x: Tensor, c: number): Tensor => slice(x, 1, c, c + 1);
  const supervised = add(
    add(
      meanSquaredError(column(heads, 0), column(wanted, 0)),
      meanSquaredError(column(heads, 2), column(wanted, 2)),
    ),
    mean(binaryCrossEntropy(column(heads, 1), input('violated', [batch, 1]))),
  );
  return metric === 0 ? supervised : add(supervised, mul(metric, metricLoss(z, wanted)));
}

/** Outcomes this many deviations apart (root of the mean square) shall be at right angles. */
const FAR = 2;

/** Mean squared difference between 1 - cos(zᵢ, zⱼ) and the distance of the outcomes, cut at 1. */
function metricLoss(z: Tensor, outcomes: Tensor): Tensor {
  const squares = sum(mul(outcomes, outcomes), [1], true);
  const products = matmul(outcomes, outcomes, { b: true });
  const apart = sub(add(squares, transpose(squares, [1, 0])), mul(2, products));
  const distance = min(mul(sqrt(add(max(apart, 0), 1e-6)), 1 / (FAR * Math.sqrt(3))), 1);
  return meanSquaredError(sub(1, matmul(z, z, { b: true })), distance);
}
