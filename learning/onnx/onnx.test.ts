import assert from 'node:assert/strict';
import fc from 'fast-check';
import { loadOnnx, onnxruntime } from '../executors/onnxruntime.ts';
import { graphOf } from '../ir/graph.ts';
import { matmul } from '../ir/matmul.ts';
import { add } from '../ir/elementwise.ts';
import { input } from '../ir/tensor.ts';
import { digestOf } from '../models/manifest.ts';
import { adam } from '../optimisers/adam.ts';
import { networks } from '../test-network.ts';
import { trainStep } from '../training/train-step.ts';
import { Message, fieldsOf } from './protobuf.ts';
import { readWeights } from './reader.ts';
import { writeOnnx } from './writer.ts';

describe('ONNX files', () => {
  for (const [name, make] of Object.entries(networks)) {
    it(`${name}: the same graph built twice is the same bytes, for inference and for training`, () => {
      const bytes = [make(), make()].map(({ loss, parameters }) => [
        writeOnnx(graphOf({ loss }), parameters.weights),
        writeOnnx(trainStep({ loss, parameters: parameters.tensors, optimiser: adam(), maxNorm: 1 }).graph),
      ]);
      assert.deepEqual(bytes[0], bytes[1]);
    });

    it(`${name}: weights come back from the file as they went in`, () => {
      const { loss, parameters } = make();
      const weights = readWeights(writeOnnx(graphOf({ loss }), parameters.weights));
      assert.deepEqual(weights, parameters.weights);
    });

    it(`${name}: bound weights give what fed weights give`, async () => {
      const { loss, parameters, data } = make();
      const bound = await onnxruntime.compile(graphOf({ loss }), parameters.weights);
      const free = await onnxruntime.compile(graphOf({ loss }));
      const wanted = await free.run({ ...Object.fromEntries(parameters.weights), ...data });
      const [a = NaN, b = NaN] = [(await bound.run(data))['loss']?.[0], wanted['loss']?.[0]];
      assert.ok(Math.abs(a - b) < 1e-6 * (1 + Math.abs(b)), `${a} ${b}`);
    });
  }

  it('have not changed: a change of these bytes is a change of every stored digest', () => {
    const graph = graphOf({ y: add(matmul(input('x', [2, 3]), input('w', [3, 2])), 1) });
    const digest = digestOf(writeOnnx(graph, new Map([['w', Float32Array.of(1, 2, 3, 4, 5, 6)]])));
    assert.equal(digest, '329ed0db3568fc21bd6666b7ac158bdf31991081b6da7486532410ece624dd29');
  });

  it('cut anywhere, are refused', async () => {
    const { loss, parameters } = networks['layers with normalisation']?.() ?? assert.fail();
    const bytes = writeOnnx(graphOf({ loss }), parameters.weights);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), async (length) => {
        await assert.rejects(loadOnnx(bytes.slice(0, length)));
        if (length < bytes.length / 2) assert.throws(() => readWeights(bytes.slice(0, length)), RangeError);
      }),
      { numRuns: 40 },
    );
  });

  it('refuse weights that do not fill their input', () => {
    const graph = graphOf({ y: add(input('w', [3]), 1) });
    assert.throws(
      () => writeOnnx(graph, new Map([['w', Float32Array.of(1)]])),
      /Weights: 1 numbers do not fill "w" of shape \[3\]/,
    );
  });
});

describe('protobuf', () => {
  it('gives back every integer of 64 bits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 29 - 1 }), fc.maxSafeInteger(), (field, value) => {
        const [read] = [...fieldsOf(new Message().int(field, value).done())];
        return read?.field === field && BigInt.asIntN(64, read.value as bigint) === BigInt(value);
      }),
    );
  });

  it('gives back bytes, nested', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const [outer] = [...fieldsOf(new Message().message(3, new Message().bytes(7, bytes)).done())];
        const [inner] = [...fieldsOf(outer?.value as Uint8Array)];
        assert.deepEqual(Uint8Array.from(inner?.value as Uint8Array), bytes);
      }),
    );
  });
});
