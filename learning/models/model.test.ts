import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { graphOf } from '../ir/graph.ts';
import { log } from '../ir/elementwise.ts';
import { input } from '../ir/tensor.ts';
import { dense } from '../layers/dense.ts';
import { Parameters } from '../parameters.ts';
import { Random } from '../random.ts';
import { ModelError, fitFeatures, normalise } from './manifest.ts';
import type { Manifest } from './manifest.ts';
import { openModel, readModel, saveModel } from './model.ts';

const parameters = new Parameters(new Random(1));
const graph = graphOf({ y: log(dense(parameters, 'head', input('x', [2, 3]), 1)) });
const description = {
  name: 'toy',
  version: 'toy-1',
  seed: 1,
  data: { source: 'nothing', examples: 0, sha256: '0'.repeat(64) },
  quality: { error: 1 },
  features: { x: ['cpu', 'memory', 'rate'].map((name) => ({ name, mean: 1, scale: 2 })) },
};
const positive = new Map([
  ['head/kernel', Float32Array.of(1, 1, 1)],
  ['head/bias', Float32Array.of(0)],
]);

describe('models on disk', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgeloom-model-'));
    await saveModel(folder, graph, positive, description);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const edit = async (change: (manifest: Manifest) => unknown): Promise<void> => {
    const manifest = JSON.parse(await readFile(join(folder, 'toy.json'), 'utf8')) as Manifest;
    await writeFile(join(folder, 'toy.json'), JSON.stringify(change(manifest)));
  };
  const open = async () => openModel(await readModel(folder, 'toy'));

  it('answer as they were saved', async () => {
    const model = await open();
    const { y } = await model.run({ x: Float32Array.of(1, 1, 1, 2, 3, 4) });
    assert.deepEqual(
      y?.map((v) => Math.round(v * 1e5) / 1e5),
      Float32Array.of(Math.log(3), Math.log(9)).map((v) => Math.round(v * 1e5) / 1e5),
    );
    assert.equal(model.manifest.version, 'toy-1');
    await model.close();
  });

  it('are the same bytes when saved again', async () => {
    const files = ['toy.json', 'toy.onnx'];
    const before = await Promise.all(files.map((file) => readFile(join(folder, file))));
    await saveModel(folder, graph, positive, description);
    assert.deepEqual(await Promise.all(files.map((file) => readFile(join(folder, file)))), before);
  });

  const broken: Record<string, { change: (m: Manifest) => unknown; message: RegExp }> = {
    'a digest of another file': {
      change: (m) => ({ ...m, sha256: 'a'.repeat(64) }),
      message:
        /toy\.onnx: its SHA-256 is .* the manifest wants a{64}: cut, edited or of another training; copy both files again/,
    },
    'a digest that is none': {
      change: (m) => ({ ...m, sha256: 'x' }),
      message: /toy\.json: sha256: .*is no SHA-256/,
    },
    'a normaliser that is no number': {
      change: (m) => ({
        ...m,
        inputs: [{ ...m.inputs[0], features: [{ name: 'cpu', mean: null, scale: 1 }] }],
      }),
      message: /toy\.json: inputs\.0\.features\.0\.mean: .*number/,
    },
    'a scale of zero': {
      change: (m) => ({ ...m, inputs: [{ ...m.inputs[0], features: [{ name: 'cpu', mean: 0, scale: 0 }] }] }),
      message: /inputs\.0\.features\.0\.scale/,
    },
    'a missing feature': {
      change: (m) => ({ ...m, inputs: [{ ...m.inputs[0], features: [{ name: 'cpu', mean: 0, scale: 1 }] }] }),
      message: /inputs\.x: 1 features for the last axis of \[2,3\]/,
    },
    'another input shape': {
      change: (m) => ({ ...m, inputs: [{ name: 'x', shape: [3, 3] }] }),
      message: /inputs\.x: the manifest says \[3,3\], toy\.onnx has \[2,3\]/,
    },
    'another output': {
      change: (m) => ({ ...m, outputs: [{ name: 'z', shape: [2, 1] }] }),
      message: /outputs\.z: the manifest says \[2,1\], toy\.onnx has none/,
    },
    'a path for a file': {
      change: (m) => ({ ...m, file: '../toy.onnx' }),
      message: /file: .*is no plain file name/,
    },
    'a later format': { change: (m) => ({ ...m, format: 2 }), message: /format/ },
    'a name of its own': {
      change: (m) => ({ ...m, name: 'other' }),
      message: /name: is "other", not "toy"; rename the file/,
    },
    'an unknown field': { change: (m) => ({ ...m, extra: 1 }), message: /extra/ },
  };
  for (const [name, { change, message }] of Object.entries(broken))
    it(`refuse a manifest with ${name}`, async () => {
      await edit(change);
      await assert.rejects(
        open(),
        (error: unknown) => error instanceof ModelError && message.test(error.message),
      );
    });

  it('refuse a file that was cut', async () => {
    const bytes = await readFile(join(folder, 'toy.onnx'));
    await writeFile(join(folder, 'toy.onnx'), bytes.subarray(0, bytes.length - 7));
    await assert.rejects(open(), /toy\.onnx: its SHA-256 is/);
  });

  it('refuse a manifest that was cut, and a missing one', async () => {
    await writeFile(join(folder, 'toy.json'), '{"format": 1,');
    await assert.rejects(open(), /toy\.json: is no JSON: it was cut or edited/);
    await rm(join(folder, 'toy.json'));
    await assert.rejects(open(), /toy\.json: cannot be read .*train the model or name its folder/);
  });

  it('refuse numbers that are none, going in and coming out', async () => {
    const model = await open();
    await assert.rejects(
      model.run({ x: Float32Array.of(1, 1, 1, 1, NaN, 1) }),
      /model toy: x\[4\] \(memory\) is NaN: no finite number/,
    );
    await assert.rejects(model.run({ x: Float32Array.of(-1, -1, -1, 1, 1, 1) }), /model toy: y\[0\] is NaN/);
    await assert.rejects(model.run({ x: Float32Array.of(1) }), /"x" has 1 numbers; \[2,3\] wants 6/);
    await model.close();
  });
});

describe('feature normalisers', () => {
  it('bring each column to mean 0 and deviation 1, and cut what is wild', () => {
    const values = [1, 10, 3, 30, 5, 50];
    const features = fitFeatures(['a', 'b'], values);
    const rows = normalise(values, features);
    for (const column of [0, 1]) {
      const own = [0, 1, 2].map((row) => rows[row * 2 + column] ?? NaN);
      assert.ok(Math.abs(own.reduce((a, b) => a + b, 0)) < 1e-6);
      assert.ok(Math.abs(own.reduce((a, b) => a + b * b, 0) - 3) < 1e-5);
    }
    assert.deepEqual(normalise([1e9, -1e9], features), Float32Array.of(8, -8));
  });

  it('leave out rows that do not count, and live with a column that never varies', () => {
    const features = fitFeatures(['a', 'b'], [1, 7, 3, 7, 1000, 9], (row) => row < 2);
    assert.deepEqual(features, [
      { name: 'a', mean: 2, scale: 1 },
      { name: 'b', mean: 7, scale: 1 },
    ]);
  });
});
