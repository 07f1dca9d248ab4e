import { createHash } from 'node:crypto';
import { saveModel } from '#learning/models/model.ts';
import type { Manifest } from '#learning/models/manifest.ts';
import { Parameters } from '#learning/parameters.ts';
import { Random } from '#learning/random.ts';
import { ENCODER, encoderGraph, encoderVersion } from '../encoder.ts';
import { smallestBucket } from '../network/buckets.ts';
import { INPUT_OF, rowsOf } from '../network/pack.ts';
import type { Example } from './example.ts';
import { outcomeRow } from './example.ts';
import type { TrainedEncoder } from './train-encoder.ts';

/** Writes `encoder.onnx` (for one situation in the smallest bucket; other buckets take its weights) and `encoder.json` to a folder. */
export function saveEncoder(
  folder: string,
  { weights, normalisers }: TrainedEncoder,
  about: Pick<Manifest, 'seed' | 'data' | 'quality'>,
): Promise<Manifest> {
  const parameters = new Parameters(new Random(0), weights);
  const features = Object.fromEntries(
    Object.entries(INPUT_OF).map(([kind, input]) => [input, normalisers[kind as keyof typeof INPUT_OF]]),
  );
  const version = encoderVersion(weights, normalisers);
  return saveModel(folder, encoderGraph(parameters, 1, smallestBucket), weights, {
    name: ENCODER,
    version,
    ...about,
    features,
  });
}

/** SHA-256 over what was learnt from: features, outcomes and cities, in order. */
export function digestOfExamples(examples: readonly Example[]): string {
  const hash = createHash('sha256');
  for (const { city, features, outcome } of examples) {
    hash.update(city);
    for (const of of Object.values(rowsOf)) hash.update(of(features));
    hash.update(Float64Array.from(outcomeRow(outcome)));
  }
  return hash.digest('hex');
}
