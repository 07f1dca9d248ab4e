import { onnxruntime } from '#learning/executors/onnxruntime.ts';
import { clamp, exp, min, mul, neg, relu, sub } from '#learning/ir/elementwise.ts';
import { graphOf } from '#learning/ir/graph.ts';
import { mean, sum } from '#learning/ir/reduce.ts';
import { logSoftmax } from '#learning/ir/softmax.ts';
import { sizeOf } from '#learning/ir/shape.ts';
import { input } from '#learning/ir/tensor.ts';
import type { Tensor } from '#learning/ir/tensor.ts';
import { dense, mlp } from '#learning/layers/dense.ts';
import { gru } from '#learning/layers/gru.ts';
import { adam } from '#learning/optimisers/adam.ts';
import { Parameters } from '#learning/parameters.ts';
import { Random } from '#learning/random.ts';
import { trainStep } from '#learning/training/train-step.ts';
import { Trainer } from '#learning/training/trainer.ts';
import { sectionsAsked } from './arguments.ts';
import { figure, median, quantile, report } from './report.ts';

sectionsAsked({
  name: 'learning',
  about:
    "What one training step and one inference of the paper's actor cost: GRU(128) and [128, 256, 128] to 64 logits, PPO loss, minibatch 256.",
});
const ACTIONS = 64;
const UNITS = 128;
const BATCH = 256;

function actor(parameters: Parameters, batch: number): Tensor {
  const cell = gru(parameters, 'gru', UNITS, UNITS);
  const state = cell.step(cell.project(input('x', [batch, UNITS])), input('state', [batch, UNITS]));
  const body = mlp(parameters, 'body', state, [128, 256, 128], relu);
  return dense(parameters, 'logits', body, ACTIONS);
}

/** Clipped surrogate, entropy, KL to a prior (learning.md 4.4: the reading of Eq. 34). */
function ppoLoss(logits: Tensor): Tensor {
  const logP = logSoftmax(logits);
  const p = exp(logP);
  const ratio = exp(sub(sum(mul(logP, input('action', [BATCH, ACTIONS])), [1]), input('oldLogP', [BATCH])));
  const advantage = input('advantage', [BATCH]);
  const surrogate = min(mul(ratio, advantage), mul(clamp(ratio, 0.8, 1.2), advantage));
  const entropy = neg(sum(mul(p, logP), [1]));
  const divergence = sum(mul(p, sub(logP, input('logPrior', [BATCH, ACTIONS]))), [1]);
  return mean(sub(sub(mul(divergence, 0.1), mul(entropy, 0.01)), surrogate));
}

const random = new Random(1);
const normals = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal());

async function timed(runs: number, run: () => Promise<unknown>): Promise<number[]> {
  for (let i = 0; i < 30; i++) await run();
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times;
}

const parameters = new Parameters(random);
const loss = ppoLoss(actor(parameters, BATCH));
const step = trainStep({ loss, parameters: parameters.tensors, optimiser: adam() });
const trainer = await Trainer.create(onnxruntime, step, parameters.weights);
const uniform = Math.log(1 / ACTIONS);
const data: Record<string, Float32Array> = {
  x: normals(BATCH * UNITS),
  state: normals(BATCH * UNITS),
  advantage: normals(BATCH),
  action: new Float32Array(BATCH * ACTIONS).map((_, i) =>
    i % ACTIONS === Math.floor(i / ACTIONS) % ACTIONS ? 1 : 0,
  ),
  oldLogP: new Float32Array(BATCH).fill(uniform),
  logPrior: new Float32Array(BATCH * ACTIONS).fill(uniform),
};
const training = await timed(200, () => trainer.step(data, 3e-4));
await trainer.close();

const figures = [
  figure('learning.train.actor.ms', median(training), 'ms', '', training.length),
  figure(
    'learning.train.actor.parameters',
    parameters.tensors.reduce((n, t) => n + sizeOf(t.shape), 0),
    '',
    '',
    1,
  ),
];
for (const batch of [1, 16, 200]) {
  const program = await onnxruntime.compile(
    graphOf({ logits: actor(parameters, batch) }),
    parameters.weights,
  );
  const feeds = { x: normals(batch * UNITS), state: normals(batch * UNITS) };
  const into = { logits: new Float32Array(batch * ACTIONS) };
  const times = await timed(batch === 200 ? 500 : 3000, () => program.run(feeds, into));
  await program.close();
  const name = batch === 1 ? 'learning.infer.actor' : `learning.infer.actor.batch${batch}`;
  for (const [at, q] of [
    ['p50us', 0.5],
    ['p99us', 0.99],
  ] as const)
    figures.push(figure(`${name}.${at}`, 1000 * quantile(times, q), 'us', '', times.length));
}
report('learning', figures);
