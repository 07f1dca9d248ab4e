import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reference } from '#learning/executors/reference.ts';
import { onnxruntime } from '#learning/executors/onnxruntime.ts';
import { ModelError } from '#learning/models/manifest.ts';
import type { Manifest } from '#learning/models/manifest.ts';
import { Random } from '#learning/random.ts';
import { Parameters } from '#learning/parameters.ts';
import { Encoder, encoderGraph } from './encoder.ts';
import { COLUMNS } from './features/columns.ts';
import type { Features } from './features/features.ts';
import type { GraphFeatures } from './features/graph.ts';
import { DIMENSION } from './network/encoder-network.ts';
import { fitNormalisers, pack } from './network/pack.ts';
import { queryVector } from './query.ts';
import { featuresFrom, freshWeights } from './test-situations.ts';
import { saveEncoder } from './training/save-encoder.ts';

const seeds = Array.from({ length: 12 }, (_, i) => i + 1);
const features = featuresFrom(seeds);
const normalisers = fitNormalisers(features);
const weights = freshWeights(1);
const [first, second] = features as [Features, Features];

const apart = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] ?? NaN))), 0);

/** The same graph with its nodes and edges in another order. */
function shuffled(graph: GraphFeatures, width: number, edgeWidth: number, random: Random): GraphFeatures {
  const nodeOrder = random.order(graph.nodes.length / width);
  const edgeOrder = random.order(graph.from.length);
  const place = new Int32Array(nodeOrder.length);
  for (const [at, v] of nodeOrder.entries()) place[v] = at;
  const rows = (values: Float32Array, order: Int32Array, size: number): Float32Array =>
    Float32Array.from([...order].flatMap((i) => [...values.subarray(i * size, (i + 1) * size)]));
  return {
    nodes: rows(graph.nodes, nodeOrder, width),
    edges: rows(graph.edges, edgeOrder, edgeWidth),
    from: edgeOrder.map((e) => place[graph.from[e] ?? 0] ?? 0),
    to: edgeOrder.map((e) => place[graph.to[e] ?? 0] ?? 0),
  };
}

describe('Encoder', () => {
  const encoder = new Encoder(weights, normalisers);
  after(() => encoder.close());

  it('gives vectors of length 1, unlike for unlike situations', async () => {
    const vectors = await Promise.all(features.map(async (f) => (await encoder.encode(f)).vector));
    for (const vector of vectors) {
      assert.equal(vector.length, DIMENSION);
      assert.ok(Math.abs(vector.reduce((t, x) => t + x * x, 0) - 1) < 1e-5);
    }
    for (const [i, a] of vectors.entries())
      for (const b of vectors.slice(i + 1)) assert.ok(apart(a, b) > 1e-3);
  });

  it('does not mind in which order nodes and edges are listed', async () => {
    const random = new Random(3);
    for (const f of features) {
      const other = {
        ...f,
        services: shuffled(f.services, COLUMNS.services.length, COLUMNS.calls.length, random),
        topology: shuffled(f.topology, COLUMNS.vertices.length, COLUMNS.arcs.length, random),
      };
      const [a, b] = [await encoder.encode(f), await encoder.encode(other)];
      assert.ok(apart(a.vector, b.vector) < 1e-5);
    }
  });

  it('does mind which nodes an edge joins', async () => {
    const f = features.find(({ services }) => services.from.length > 1) ?? first;
    const turned = { ...f, services: { ...f.services, from: f.services.to, to: f.services.from } };
    assert.ok(apart((await encoder.encode(f)).vector, (await encoder.encode(turned)).vector) > 1e-3);
  });

  it('gives the same in every bucket: padding is not seen', async () => {
    const graphs = [
      { services: { nodes: 24, edges: 64 }, topology: { nodes: 48, edges: 160 } },
      { services: { nodes: 64, edges: 256 }, topology: { nodes: 256, edges: 1024 } },
    ];
    const vectors: Float32Array[] = [];
    for (const bucket of graphs) {
      const parameters = new Parameters(new Random(0), weights);
      const program = await onnxruntime.compile(encoderGraph(parameters, 1, bucket), weights);
      const { z } = await program.run(pack([second], bucket, normalisers));
      vectors.push(z ?? new Float32Array());
      await program.close();
    }
    assert.ok(apart(vectors[0] ?? new Float32Array(1), vectors[1] ?? new Float32Array()) < 1e-5);
  });

  it('gives in a batch what it gives alone', async () => {
    const bucket = { services: { nodes: 24, edges: 64 }, topology: { nodes: 48, edges: 160 } };
    const graph = encoderGraph(new Parameters(new Random(0), weights), 3, bucket);
    const program = await onnxruntime.compile(graph, weights);
    const { z = new Float32Array() } = await program.run(pack(features.slice(0, 3), bucket, normalisers));
    await program.close();
    for (const i of [0, 1, 2]) {
      const alone = await encoder.encode(features[i] ?? first);
      assert.ok(apart(z.slice(i * DIMENSION, (i + 1) * DIMENSION), alone.vector) < 1e-5);
    }
  });

  it('repeats bit for bit, whoever asks and in whatever order', async () => {
    const other = new Encoder(weights, normalisers);
    const [b2, a2] = [await other.encode(second), await other.encode(first)];
    const [a1, b1] = await Promise.all([encoder.encode(first), encoder.encode(second)]);
    assert.deepEqual([a1, b1], [a2, b2]);
    await other.close();
  });

  it('is what the reference computes', async () => {
    const slow = new Encoder(weights, normalisers, reference);
    const [a, b] = [await encoder.encode(first), await slow.encode(first)];
    assert.ok(apart(a.vector, b.vector) < 1e-5);
    assert.ok(Math.abs(a.outcome.violated - b.outcome.violated) < 1e-5);
  });

  it('sees telemetry, maps and limits each on its own', async () => {
    const { vector } = await encoder.encode(second);
    const changes: Partial<Features>[] = [
      { telemetry: second.telemetry.map((x) => x + 1) },
      { telemetry: new Float32Array() },
      { maps: second.maps.map((x) => x + 1) },
      { request: second.request.map((x) => x + 1) },
    ];
    for (const change of changes)
      assert.ok(apart((await encoder.encode({ ...second, ...change })).vector, vector) > 1e-4);
  });

  it('refuses a feature that is no number, by name', async () => {
    const request = first.request.with(3, NaN);
    await assert.rejects(encoder.encode({ ...first, request }), /ModelError: .*request\[3\] \(work\) is NaN/);
    assert.equal((await encoder.encode(first)).vector.length, DIMENSION);
  });

  it('refuses a graph beyond the limits of a ServiceDAG', async () => {
    const nodes = new Float32Array(65 * COLUMNS.services.length);
    const services = { ...first.services, nodes };
    await assert.rejects(encoder.encode({ ...first, services }), /RangeError: a graph of 65 nodes/);
  });
});

describe('a stored encoder', () => {
  let folder = '';
  const trained = {
    weights,
    normalisers,
    outcomes: { mean: new Float32Array(3), scale: new Float32Array(3) },
    losses: [],
  };
  const about = { seed: 1, data: { source: 'tests', examples: 12, sha256: '0'.repeat(64) }, quality: {} };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgeloom-encoder-'));
    await saveEncoder(folder, trained, about);
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is the encoder it was, version and bits', async () => {
    const [kept, stored] = [new Encoder(weights, normalisers), await Encoder.open(folder)];
    assert.equal(stored.version, kept.version);
    assert.deepEqual(await stored.encode(second), await kept.encode(second));
    await Promise.all([kept.close(), stored.close()]);
  });

  it('has another version with other weights or other normalisers', () => {
    const versions = [
      new Encoder(weights, normalisers),
      new Encoder(freshWeights(2), normalisers),
      new Encoder(weights, fitNormalisers(features.slice(0, 3))),
    ].map((encoder) => encoder.version);
    assert.equal(new Set(versions).size, 3);
  });

  it('of another version than wanted is refused', async () => {
    await assert.rejects(
      Encoder.open(folder, 'sage-tcn-vit-1+000000000000'),
      /version .* is wanted; vectors of two versions are never compared/,
    );
  });

  const edits: Record<string, { change: (m: Manifest) => Manifest; message: RegExp }> = {
    'of another architecture': {
      change: (m) => ({ ...m, version: 'resnet-1+000000000000' }),
      message: /knows sage-tcn-vit-1 only; train it again/,
    },
    'whose version was edited': {
      change: (m) => ({ ...m, version: 'sage-tcn-vit-1+000000000000' }),
      message: /its weights and normalisers are those of/,
    },
    'whose normaliser was edited': {
      change: (m) => ({
        ...m,
        inputs: m.inputs.map((p) =>
          p.features === undefined
            ? p
            : { ...p, features: p.features.map((f) => ({ ...f, mean: f.mean + 1 })) },
        ),
      }),
      message: /its weights and normalisers are those of/,
    },
    'with a column of another name': {
      change: (m) => ({
        ...m,
        inputs: m.inputs.map((p) =>
          p.name === 'request' ? { ...p, features: p.features?.map((f) => ({ ...f, name: 'x' })) } : p,
        ),
      }),
      message: /inputs\.request: its columns are x, .*wanted are services, depth/,
    },
  };
  for (const [name, { change, message }] of Object.entries(edits))
    it(`${name} is refused`, async () => {
      const file = join(folder, 'encoder.json');
      await writeFile(file, JSON.stringify(change(JSON.parse(await readFile(file, 'utf8')) as Manifest)));
      await assert.rejects(
        Encoder.open(folder),
        (error: unknown) => error instanceof ModelError && message.test(error.message),
      );
    });
});

describe('queryVector', () => {
  const z = Float32Array.from({ length: DIMENSION }, (_, i) => (i === 0 ? 1 : 0));
  const cosine = (a: Float32Array, b: Float32Array): number => a.reduce((t, x, i) => t + x * (b[i] ?? 0), 0);
  const q = queryVector(z, 'xr', 'search');

  it('has length 1 and repeats', () => {
    assert.ok(Math.abs(cosine(q, q) - 1) < 1e-6);
    assert.deepEqual(queryVector(z, 'xr', 'search'), q);
  });

  it('brings the same slice and policy nearer, and z counts most', () => {
    const [slice, both] = [queryVector(z, 'iot', 'search'), queryVector(z, 'iot', 'memory')];
    const elsewhere = queryVector(
      z.map((x, i) => (i === 1 ? 1 : x)),
      'xr',
      'search',
    );
    assert.ok(cosine(q, slice) < 0.99 && cosine(q, both) < cosine(q, slice));
    assert.ok(cosine(q, elsewhere) < cosine(q, both));
  });
});
