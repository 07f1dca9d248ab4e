import assert from 'node:assert/strict';
import { readModel } from '#learning/models/model.ts';
import { digestOf } from '#learning/models/manifest.ts';
import { readWeights } from '#learning/onnx/reader.ts';
import { writeOnnx } from '#learning/onnx/writer.ts';
import { Parameters } from '#learning/parameters.ts';
import { Random } from '#learning/random.ts';
import { ENCODER, Encoder, SHIPPED, encoderGraph } from './encoder.ts';
import { smallestBucket } from './network/buckets.ts';
import { featuresFrom } from './test-situations.ts';

describe('the encoder that comes with the program', () => {
  it('is the network of this program: built again from its weights it is the same file', async () => {
    const { manifest, bytes } = await readModel(SHIPPED, ENCODER);
    const weights = readWeights(bytes);
    const graph = encoderGraph(new Parameters(new Random(0), weights), 1, smallestBucket);
    assert.equal(digestOf(writeOnnx(graph, weights)), manifest.sha256);
    assert.ok(bytes.length < 2 ** 20);
  });

  it('was better than its yardsticks on cities it had not seen', async () => {
    const { quality } = (await readModel(SHIPPED, ENCODER)).manifest;
    for (const outcome of ['logLatency', 'violated', 'busy']) {
      const error = (method: string): number => quality[`${method}.${outcome}.rmse`] ?? NaN;
      for (const other of ['mean', 'persistence'])
        assert.ok(
          error('encoder') < error(other),
          `${outcome}: encoder ${error('encoder')}, ${other} ${error(other)}`,
        );
      assert.ok(
        error('nearestByVector') < error('nearestByPooled') && error('nearestByVector') < error('random'),
      );
    }
  });

  it('answers for worlds it has never met', async () => {
    const encoder = await Encoder.open(SHIPPED);
    for (const features of featuresFrom([1, 2, 3])) {
      const { vector, outcome } = await encoder.encode(features);
      assert.ok(Math.abs(vector.reduce((t, x) => t + x * x, 0) - 1) < 1e-5);
      assert.ok(outcome.latencyMicros > 0 && outcome.violated >= 0 && outcome.violated <= 1);
    }
    await encoder.close();
  });
});
