import assert from 'node:assert/strict';
import { onnxruntime } from '#learning/executors/onnxruntime.ts';
import { Random } from '#learning/random.ts';
import { Encoder } from '../encoder.ts';
import type { Encoded } from '../encoder.ts';
import { lawfulExamples } from '../test-situations.ts';
import { outcomeScale } from './example.ts';
import type { Example } from './example.ts';
import { qualityOf } from './quality.ts';
import { fitRidge } from './ridge.ts';
import { digestOfExamples } from './save-encoder.ts';
import { TRAINING_DEFAULTS, trainEncoder } from './train-encoder.ts';

const options = { ...TRAINING_DEFAULTS, epochs: 5, batch: 32 };

describe('training the encoder', () => {
  const train = lawfulExamples(256, 1);
  const test = lawfulExamples(48, 5000);

  it('foretells a law it has not been told, and brings like outcomes together', async function () {
    this.timeout(60_000);
    const trained = await trainEncoder(onnxruntime, train, options);
    assert.ok((trained.losses.at(-1) ?? 9) < 0.6 * (trained.losses[0] ?? 0), String(trained.losses));
    const encoder = new Encoder(trained.weights, trained.normalisers);
    const encode = async (examples: readonly Example[]): Promise<Encoded[]> =>
      Promise.all(examples.map((e) => encoder.encode(e.features)));
    const random = new Random(1);
    const q = qualityOf(train, await encode(train), test, await encode(test), trained.outcomes, (n) =>
      random.whole(n),
    );
    await encoder.close();
    assert.ok(q.encoder[0] < 0.6 * q.mean[0], JSON.stringify(q));
    assert.ok(q.nearestByVector[0] < 0.6 * q.random[0], JSON.stringify(q));
  });

  it('gives the same weights from the same seed, others from another', async function () {
    this.timeout(60_000);
    const few = { ...options, epochs: 1 };
    const weights = async (seed: number) =>
      (await trainEncoder(onnxruntime, train.slice(0, 64), { ...few, seed })).weights;
    const [a, b, c] = [await weights(1), await weights(1), await weights(2)];
    assert.deepEqual(a, b);
    assert.notDeepEqual(a.get('project/0/kernel'), c.get('project/0/kernel'));
  });

  it('refuses fewer examples than a batch, and outcomes that are no numbers', async () => {
    await assert.rejects(
      trainEncoder(onnxruntime, train.slice(0, 8), options),
      /8 examples do not fill a batch of 32/,
    );
    const [one] = train;
    if (one === undefined) throw new Error('there are examples');
    const dead = { ...one, outcome: { ...one.outcome, latencyMicros: 0 } };
    assert.throws(() => outcomeScale([dead]), /example 0 of world 0 has an outcome that is no number/);
  });

  it('the digest of examples changes with any of them', () => {
    const few = train.slice(0, 3);
    const [one] = few;
    if (one === undefined) throw new Error('there are examples');
    const other = [{ ...one, outcome: { ...one.outcome, violated: 0.123 } }, ...few.slice(1)];
    assert.equal(digestOfExamples(few), digestOfExamples(lawfulExamples(3, 1)));
    assert.notEqual(digestOfExamples(few), digestOfExamples(other));
  });
});

describe('fitRidge', () => {
  it('finds a linear law, whatever the scale of its inputs', () => {
    const random = new Random(1);
    const inputs = Array.from({ length: 200 }, () => [random.normal(), 1000 * random.normal(), 5]);
    const law = ([a = 0, b = 0]: readonly number[]): number[] => [2 * a - b / 500 + 3, -a];
    const fitted = fitRidge(inputs, inputs.map(law));
    for (const x of [
      [0.5, 200, 5],
      [-1, 900, 5],
    ])
      for (const [t, wanted] of law(x).entries()) assert.ok(Math.abs((fitted(x)[t] ?? NaN) - wanted) < 0.01);
  });
});
