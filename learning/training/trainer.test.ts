import assert from 'node:assert/strict';
import { onnxruntime } from '../executors/onnxruntime.ts';
import { evaluate, reference } from '../executors/reference.ts';
import { mul, relu, sub, tanh } from '../ir/elementwise.ts';
import { gradients } from '../ir/gradient.ts';
import { mean } from '../ir/reduce.ts';
import { input } from '../ir/tensor.ts';
import { dense, mlp } from '../layers/dense.ts';
import { meanSquaredError } from '../losses.ts';
import { adam } from '../optimisers/adam.ts';
import type { Optimiser } from '../optimisers/optimiser.ts';
import { sgd } from '../optimisers/sgd.ts';
import { Parameters } from '../parameters.ts';
import { Random } from '../random.ts';
import { networks } from '../test-network.ts';
import { trainStep } from './train-step.ts';
import { Trainer } from './trainer.ts';

const ROWS = 64;

/** sin(2x₀) + x₁² from 64 points, by a network of 2 × 24. */
function regression(optimiser: Optimiser) {
  const random = new Random(7);
  const parameters = new Parameters(random.split('weights'));
  const hidden = mlp(parameters, 'body', input('x', [ROWS, 2]), [24, 24], tanh);
  const loss = meanSquaredError(dense(parameters, 'head', hidden, 1), input('y', [ROWS, 1]));
  const step = trainStep({ loss, parameters: parameters.tensors, optimiser, maxNorm: 1 });
  const batch = (): Record<string, Float32Array> => {
    const x = Float32Array.from({ length: ROWS * 2 }, () => 2 * random.uniform() - 1);
    const y = Float32Array.from(
      { length: ROWS },
      (_, i) => Math.sin(2 * (x[2 * i] ?? 0)) + (x[2 * i + 1] ?? 0) ** 2,
    );
    return { x, y };
  };
  return { parameters, step, batch };
}

describe('Trainer', () => {
  it('learns a function: the error falls below a hundredth of its variance', async () => {
    const { parameters, step, batch } = regression(adam());
    const trainer = await Trainer.create(onnxruntime, step, parameters.weights);
    for (let i = 0; i < 400; i++) await trainer.step(batch(), 0.01);
    const { loss } = await trainer.step(batch(), 0);
    await trainer.close();
    // The target varies by 0.44 around its mean.
    assert.ok((loss?.[0] ?? 1) < 0.004, `loss ${loss?.[0]}`);
  });

  for (const [name, make] of Object.entries({
    adam: () => adam({ weightDecay: 0.1 }),
    sgd: () => sgd(),
    momentum: () => sgd(0.9),
  })) {
    it(`${name}: five steps of onnxruntime are five steps of the reference`, async () => {
      const runs = [onnxruntime, reference].map(async (executor) => {
        const { parameters, step, batch } = regression(make());
        const trainer = await Trainer.create(executor, step, parameters.weights);
        for (let i = 0; i < 5; i++) await trainer.step(batch(), 0.02);
        return trainer.weights();
      });
      const [found = new Map<string, Float32Array>(), wanted = new Map<string, Float32Array>()] =
        await Promise.all(runs);
      for (const [key, values] of wanted)
        for (const [i, value] of values.entries())
          assert.ok(Math.abs(value - (found.get(key)?.[i] ?? NaN)) < 2e-4, `${key}[${i}]`);
    });
  }

  it('goes on from a stored state as if it had never stopped, bit for bit', async () => {
    const { parameters, step, batch } = regression(adam());
    const batches = Array.from({ length: 6 }, batch);
    const whole = await Trainer.create(onnxruntime, step, parameters.weights);
    for (const data of batches) await whole.step(data, 0.01);
    const first = await Trainer.create(onnxruntime, step, parameters.weights);
    for (const data of batches.slice(0, 3)) await first.step(data, 0.01);
    const second = await Trainer.create(onnxruntime, step, first.state());
    for (const data of batches.slice(3)) await second.step(data, 0.01);
    assert.deepEqual(second.weights(), whole.weights());
  });

  it('keeps the parameters when the numbers leave the finite, and says what to do', async () => {
    const { parameters, step, batch } = regression(adam());
    const trainer = await Trainer.create(onnxruntime, step, parameters.weights);
    await trainer.step(batch(), 0.01);
    const before = trainer.weights();
    const { x = new Float32Array(), y = new Float32Array() } = batch();
    await assert.rejects(
      trainer.step({ x, y: y.with(3, Infinity) }, 0.01),
      /Diverged: update 2: .*lower the learning rate/,
    );
    assert.deepEqual(trainer.weights(), before);
  });

  it('refuses weights of another model', async () => {
    const { step } = regression(adam());
    await assert.rejects(
      Trainer.create(onnxruntime, step, new Map()),
      /"body\/0\/kernel" starts with 0 numbers, 48 are wanted/,
    );
  });

  it('refuses a batch of another size, an unknown and a missing input by name', async () => {
    const { parameters, step, batch } = regression(sgd());
    const trainer = await Trainer.create(onnxruntime, step, parameters.weights);
    const { x = new Float32Array(), y = new Float32Array() } = batch();
    await assert.rejects(
      trainer.step({ x: x.slice(2), y }, 0.1),
      /FeedError: input "x" has 126 numbers; its shape \[64,2\] wants 128/,
    );
    await assert.rejects(trainer.step({ x, y, z: y }, 0.1), /FeedError: no input is named "z"/);
    await assert.rejects(trainer.step({ x }, 0.1), /FeedError: input "y" \[64,1\] is not fed/);
  });
});

describe('trainStep', () => {
  it('clips by the norm of all gradients together and reports the norm before', async () => {
    const { parameters, loss, data } = networks['a GRU over four steps']?.() ?? assert.fail();
    const feeds = { ...Object.fromEntries(parameters.weights), ...data };
    const raw = evaluate(gradients(loss, parameters.tensors), feeds);
    const norm = Math.sqrt(raw.reduce((total, g) => total + g.reduce((s, x) => s + x * x, 0), 0));
    const step = trainStep({ loss, parameters: parameters.tensors, optimiser: sgd(), maxNorm: norm / 2 });
    const trainer = await Trainer.create(reference, step, parameters.weights);
    const { gradientNorm } = await trainer.step(data, 1);
    assert.ok(Math.abs((gradientNorm?.[0] ?? 0) - norm) < 1e-6);
    const moved = [...trainer.weights()].flatMap(([name, values]) =>
      Array.from(values, (value, i) => value - (parameters.weights.get(name)?.[i] ?? 0)),
    );
    assert.ok(Math.abs(Math.sqrt(moved.reduce((s, x) => s + x * x, 0)) - norm / 2) < 1e-5);
  });

  it('descends: a small step along the gradient lowers the loss by its squared norm', () => {
    const x = input('x', [3]);
    const loss = mean(mul(sub(relu(x), 1), sub(relu(x), 1)));
    const at = Float64Array.of(0.5, 2, 3);
    const [g = new Float64Array()] = evaluate(gradients(loss, [x]), { x: at });
    const value = (point: Float64Array): number => evaluate([loss], { x: point })[0]?.[0] ?? NaN;
    const drop = value(at) - value(at.map((v, i) => v - 1e-6 * (g[i] ?? 0)));
    assert.ok(Math.abs(drop / 1e-6 - g.reduce((s, v) => s + v * v, 0)) < 1e-5);
  });
});
