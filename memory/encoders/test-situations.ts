import { Parameters } from '#learning/parameters.ts';
import { Random } from '#learning/random.ts';
import type { Weights } from '#learning/onnx/writer.ts';
import { randomWorld } from '#world/random-world.ts';
import { worldOf } from '#world/test-world.ts';
import { encoderGraph } from './encoder.ts';
import { featuresOf } from './features/features.ts';
import type { Features, Situation } from './features/features.ts';
import type { Sample } from './features/telemetry.ts';
import { smallestBucket } from './network/buckets.ts';
import type { Example } from './training/example.ts';

/** Periods of a DAG, made up from a seed. */
export function samplesOf(seed: number, count: number): Sample[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => ({
    rate: 10 + 90 * random.uniform(),
    completed: random.whole(100),
    violated: random.whole(20),
    meanLatencyMicros: 5000 + random.whole(20_000),
    p95LatencyMicros: 9000 + random.whole(40_000),
    utilisation: { m0: random.uniform(), m1: random.uniform() },
  }));
}

/** A situation in a random world, its hosts on a line. */
export function situationOf(seed: number): Situation {
  const { snapshot, dags } = worldOf(randomWorld(seed));
  const [dag] = dags;
  if (dag === undefined) throw new Error(`world ${seed} has no DAG`);
  const positions = new Map(
    snapshot.hosts.map(({ name }, h) => [name, { latitude: h / 10, longitude: (h * h) / 100 }]),
  );
  return { snapshot, dag, dags, telemetry: samplesOf(seed, seed % 20), positions };
}

/** Features of the situations of several seeds. */
export const featuresFrom = (seeds: readonly number[]): Features[] =>
  seeds.map((s) => featuresOf(situationOf(s)));

/** Weights as they are before training. */
export function freshWeights(seed: number): Weights {
  const parameters = new Parameters(new Random(seed));
  encoderGraph(parameters, 1, smallestBucket);
  return parameters.weights;
}

/** Examples with an outcome that follows from the features: work and ways in make latency, tight limits make violations. */
export function lawfulExamples(count: number, firstSeed: number): Example[] {
  return featuresFrom(Array.from({ length: count }, (_, i) => firstSeed + i)).map((features, i) => {
    const [services = 0, , rate = 0, work = 0, , , tightness = 0] = features.request;
    const outcome = {
      latencyMicros: Math.exp(8 + 0.8 * work + 0.3 * services),
      violated: 1 / (1 + Math.exp(4 - 40 * tightness)),
      utilisation: rate / 6,
    };
    return { city: `world ${i}`, features, outcome };
  });
}
