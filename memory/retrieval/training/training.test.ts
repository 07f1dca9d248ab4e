import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reference } from '#learning/executors/reference.ts';
import { onnxruntime } from '#learning/executors/onnxruntime.ts';
import { graphOf } from '#learning/ir/graph.ts';
import { ModelError } from '#learning/models/manifest.ts';
import { Parameters } from '#learning/parameters.ts';
import { Random } from '#learning/random.ts';
import { traceOf, vectorOf } from '#memory/test-traces.ts';
import { cosine } from '#memory/trace/vector.ts';
import type { Near } from '../rank.ts';
import { ordered } from '../rank.ts';
import { modelOf, readRanking } from '../ranking-file.ts';
import { SET_MODEL } from '../ranking-model.ts';
import { rankingModelFor } from '../shipped-ranking.ts';
import type { Situation } from '../situation.ts';
import { outcomeOf } from './example.ts';
import type { RankingExample } from './example.ts';
import { rankingNetwork } from './network.ts';
import { comparedExample, packed } from './pack.ts';
import { saveRanking } from './save-ranking.ts';
import { trainRanking } from './train-ranking.ts';

/** What happens follows the DAG and the requests alone: a ranking that believes the vectors, which are of chance, is wrong. */
const CALM = { performance: { ...traceOf(0).performance, violationPpm: 0 } };
const made = (kind: number, n: number) =>
  traceOf(kind, { ...CALM, window: n, realisedUtility: kind / 8 }, { vector: vectorOf(n, 16) });
const situationOf = (n: number): Situation => {
  const { dag, map, vector, createdMs } = made(n % 8, 5000 + n);
  return { dag, nodes: map.nodes, vector, nowMs: createdMs + 1e6 };
};
const examples = Array.from({ length: 24 }, (_, n): RankingExample => {
  const situation = situationOf(n);
  const near = Array.from({ length: 12 }, (_, i): Near => {
    const trace = made((i + n) % 8, 100 * n + i);
    const similarity = cosine(situation.vector, trace.vector);
    return { trace, hit: { id: trace.id, similarity, reward: 0, own: true } };
  });
  return { situation, near, outcome: outcomeOf(made(n % 8, 0)) };
});
const options = { seed: 1, epochs: 8, batch: 4, count: 4, learningRate: 3e-2 };

describe('training of the ranking', () => {
  it('computes scores as ranking does', async () => {
    const trained = await trainRanking(onnxruntime, examples.slice(0, 4), { ...options, epochs: 1 });
    const list = examples.slice(0, 4).map(comparedExample);
    const sizes = { batch: 4, near: 12, services: 12, query: 16 };
    const parameters = new Parameters(new Random(1).split('weights'));
    const { scores } = rankingNetwork(parameters, sizes);
    const program = await reference.compile(graphOf({ scores }), parameters.weights);
    const {
      wanted: _w,
      meanNode: _m,
      chosen: _c,
      outcomes: _o,
      ...data
    } = packed(list, [], sizes, [1, 1, 1, 1]);
    const result = (await program.run(data))['scores'];
    // The weights that training starts from are those of a model of no training.
    const start = await trainRanking(onnxruntime, examples.slice(0, 4), { ...options, epochs: 0 });
    assert.notDeepEqual(start.composite, trained.composite);
    for (const [b, example] of examples.slice(0, 4).entries()) {
      const byId = new Map(ordered(example.situation, example.near, start).map((r) => [r.trace.id, r.score]));
      for (const [c, { trace }] of example.near.entries())
        assert.ok(Math.abs((byId.get(trace.id) ?? NaN) - (result?.[b * 12 + c] ?? NaN)) < 1e-5);
    }
  });

  it('learns what outcomes follow, the same for the same seed', async () => {
    const losses: number[] = [];
    const trained = await trainRanking(onnxruntime, examples, options, (_epoch, loss) => losses.push(loss));
    assert.ok((losses.at(-1) ?? NaN) < 0.7 * (losses[0] ?? NaN), losses.join(' '));
    const start = await trainRanking(onnxruntime, examples, { ...options, epochs: 0 });
    const ratio = ({ composite: { dag, vector } }: typeof start): number => dag.weight / vector.weight;
    assert.ok(ratio(trained) > 2 * ratio(start), JSON.stringify(trained.composite));
    const again = await trainRanking(onnxruntime, examples, options);
    assert.deepEqual(again, trained);
    await assert.rejects(trainRanking(onnxruntime, examples.slice(0, 2), options), RangeError);
  });
});

describe('a ranking file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edgeloom-ranking-'));
  after(() => rmSync(folder, { recursive: true }));
  const projection = Float32Array.from({ length: 8 * 16 }, (_, i) => i / 7);
  const metric = projection.map((x) => -x);
  const about = { encoderVersion: 'e1', seed: 1, data: { source: 's', examples: 1, sha256: '0'.repeat(64) } };

  it('gives the weights back', () => {
    saveRanking(folder, { ...SET_MODEL, projection, metric }, about);
    const { projection: back, metric: turned, ...rest } = modelOf(readRanking(folder));
    assert.deepEqual(rest, SET_MODEL);
    for (const [i, x] of metric.entries()) assert.ok(Math.abs((turned?.[i] ?? NaN) - x) < 1e-4);
    for (const [i, x] of projection.entries()) assert.ok(Math.abs((back?.[i] ?? NaN) - x) < 1e-4);
  });

  it('is refused by name of field when it was changed, cut, or of other networks', () => {
    const path = join(folder, 'ranking.json');
    const text = readFileSync(path, 'utf8');
    const refused = (changed: string, what: RegExp): void => {
      writeFileSync(path, changed);
      assert.throws(
        () => readRanking(folder),
        (e) => e instanceof ModelError && what.test(e.message),
        String(what),
      );
    };
    refused(text.replace('"temperature": 0.1', '"temperature": 0.2'), /sha256/);
    refused(text.slice(0, 300), /no JSON/);
    refused(text.replace('"inputs": 8', '"inputs": 7'), /weights\.pruning\.node/);
    assert.throws(() => readRanking(join(folder, 'nowhere')), ModelError);
  });

  it('that is shipped belongs to the encoder that is shipped; other vectors get the set weights', () => {
    const { version } = JSON.parse(
      readFileSync(join(import.meta.dirname, '../../encoders/models/encoder.json'), 'utf8'),
    ) as { version: string };
    assert.notEqual(rankingModelFor(version), SET_MODEL);
    assert.equal(rankingModelFor('another'), SET_MODEL);
  });
});
