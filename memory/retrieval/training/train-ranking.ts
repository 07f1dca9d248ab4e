import type { Executor } from '#learning/executors/executor.ts';
import { add, mul } from '#learning/ir/elementwise.ts';
import { mean } from '#learning/ir/reduce.ts';
import { input } from '#learning/ir/tensor.ts';
import { huber, meanSquaredError } from '#learning/losses.ts';
import type { Weights } from '#learning/onnx/writer.ts';
import { adam } from '#learning/optimisers/adam.ts';
import { Parameters } from '#learning/parameters.ts';
import { Random } from '#learning/random.ts';
import { trainStep } from '#learning/training/train-step.ts';
import { Trainer } from '#learning/training/trainer.ts';
import { PARTS } from '../composite.ts';
import type { CompositeWeights } from '../composite.ts';
import { METRIC_ROWS } from '../metric.ts';
import { EDGE_INPUTS, NODE_INPUTS } from '../prune.ts';
import type { Mlp } from '../prune.ts';
import type { RankingModel } from '../ranking-model.ts';
import { NODE_WIDTH } from '../trace-graph.ts';
import { OUTCOMES } from './example.ts';
import type { RankingExample } from './example.ts';
import { HIDDEN, rankingNetwork } from './network.ts';
import { comparedExample, packed } from './pack.ts';

/** Knobs of training. */
export interface RankingTraining {
  readonly seed: number;
  readonly epochs: number;
  readonly batch: number;
  /** κ: traces that a forecast is made of, from the second epoch on. */
  readonly count: number;
  /** At the start; falls linearly to a twentieth. */
  readonly learningRate: number;
}

export const RANKING_TRAINING: RankingTraining = {
  seed: 1,
  epochs: 6,
  batch: 4,
  count: 8,
  learningRate: 1e-2,
};

/** Errors of this many deviations and more count linearly: the mean absolute error is what is reported. */
const LINEAR_FROM = 0.1;
/** Weight of the term that makes W_q q the mean node of what is like the query. */
const ANCHOR = 0.1;
/** Price of a say of pruning: without one it learns the graphs of the training cities by heart. */
const PRICE = 3e-3;
/** Digits that a weight is written with: training is not exact to more. */
const DIGITS = 6;

/**
 * Learns all weights of ranking together, so that the outcomes of the near traces, weighted by a softmax of their scores, foretell
 * the situation's own. Same examples and options, same weights on one kind of processor. Throws `RangeError` for too few examples.
 */
export async function trainRanking(
  executor: Executor,
  examples: readonly RankingExample[],
  options: RankingTraining,
  report: (epoch: number, loss: number) => void = () => {},
): Promise<RankingModel> {
  const { seed, epochs, batch } = options;
  const list = examples.map(comparedExample);
  const near = Math.min(...list.map((e) => e.graphs.length));
  if (list.length < batch || near < 2)
    throw new RangeError(`${list.length} examples with ${near} near traces do not fill a batch of ${batch}`);
  const sizes = {
    batch,
    near,
    services: list.reduce((most, e) => e.graphs.reduce((m, g) => Math.max(m, g.nodes), most), 1),
    query: list[0]?.query.length ?? 0,
  };
  const scale = OUTCOMES.map((_, c) => deviation(list.map((e) => e.outcome[c] ?? 0)));
  const random = new Random(seed);
  const parameters = new Parameters(random.split('weights'));
  const { scores, forecast, expected, say } = rankingNetwork(parameters, sizes);
  const loss = add(
    mean(huber(forecast, input('wanted', [batch, OUTCOMES.length]), LINEAR_FROM)),
    add(mul(ANCHOR, meanSquaredError(expected, input('meanNode', [batch, NODE_WIDTH]))), mul(PRICE, say)),
  );
  const step = trainStep({
    loss,
    parameters: parameters.tensors,
    optimiser: adam(),
    maxNorm: 1,
    metrics: { scores },
  });
  const trainer = await Trainer.create(executor, step, parameters.weights);
  const order = random.split('order');
  const steps = Math.floor(list.length / batch);
  const masks: (Float32Array | undefined)[] = list.map(() => undefined);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const shuffled = order.order(list.length);
    let total = 0;
    for (let s = 0; s < steps; s++) {
      const which = [...shuffled.subarray(s * batch, (s + 1) * batch)];
      const chosen = which.flatMap((i) => list[i] ?? []);
      const chances = which.map((i) => masks[i]);
      const done = (epoch * steps + s) / (epochs * steps);
      const rate = options.learningRate * (1 - 0.95 * done);
      const result = await trainer.step(packed(chosen, chances, sizes, scale), rate);
      for (const [b, i] of which.entries())
        masks[i] = maskOf(
          result['scores']?.subarray(b * near, (b + 1) * near) ?? new Float32Array(),
          options.count,
        );
      total += result['loss']?.[0] ?? NaN;
    }
    report(epoch + 1, total / steps);
  }
  const weights = trainer.weights();
  await trainer.close();
  return modelOf(weights, sizes.query);
}

/** 0 for the best `count` scores, -1e9 for the others. */
function maskOf(scores: Float32Array, count: number): Float32Array {
  const least = scores.toSorted((a, b) => b - a)[count - 1] ?? -Infinity;
  return scores.map((score) => (score >= least ? 0 : -1e9));
}

/** The trained weights as `ordered` takes them. */
function modelOf(weights: Weights, width: number): RankingModel {
  const numbers = (name: string): number[] => [...(weights.get(name) ?? [])].map(rounded);
  const network = (name: string, inputs: number): Mlp => {
    const first = numbers(`${name}/first`);
    return {
      inputs,
      first: Array.from(
        { length: HIDDEN * inputs },
        (_, at) => first[(at % inputs) * HIDDEN + Math.floor(at / inputs)] ?? 0,
      ),
      firstBias: numbers(`${name}/firstBias`),
      second: numbers(`${name}/second`),
      secondBias: numbers(`${name}/secondBias`)[0] ?? 0,
    };
  };
  const raw = numbers('composite').map(Math.exp);
  const total = raw.reduce((a, b) => a + b, 0);
  const powers = numbers('powers').map(Math.exp).map(rounded);
  const composite = PARTS.map(
    (name, i) => [name, { weight: rounded((raw[i] ?? 0) / total), power: powers[i] ?? 1 }] as const,
  );
  // Rows of the program are columns of the network.
  const turned = (name: string, rows: number): Float32Array => {
    const values = numbers(name);
    return Float32Array.from(
      { length: rows * width },
      (_, at) => values[(at % width) * rows + Math.floor(at / width)] ?? 0,
    );
  };
  return {
    composite: Object.fromEntries(composite) as unknown as CompositeWeights,
    pruning: { node: network('node', NODE_INPUTS), edge: network('edge', EDGE_INPUTS) },
    projection: turned('projection', NODE_WIDTH),
    metric: turned('metric', METRIC_ROWS),
    relevance: rounded(1 / (1 + Math.exp(-(numbers('relevance')[0] ?? 0)))),
    temperature: rounded(Math.exp(numbers('temperature')[0] ?? 0)),
  };
}

const rounded = (x: number): number => Number(x.toPrecision(DIGITS));

/** 1 for what does not vary. */
function deviation(values: readonly number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const square = values.reduce((t, x) => t + (x - mean) * (x - mean), 0) / values.length;
  return square > 1e-12 ? Math.sqrt(square) : 1;
}
