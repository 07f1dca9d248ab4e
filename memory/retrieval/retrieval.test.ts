import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TEST_ENCODER, contentOf, traceOf, vectorOf } from '#memory/test-traces.ts';
import { MemoryUnavailable, OtherEncoder, UnknownTenant } from '#memory/store/errors.ts';
import { uniform } from '#memory/store/clustered.ts';
import type { Hit, TraceStore } from '#memory/store/trace-store.ts';
import { withoutMetadata } from '#memory/trace/shared.ts';
import type { Trace, TraceDag } from '#memory/trace/trace.ts';
import { cosine } from '#memory/trace/vector.ts';
import { assign } from './assignment.ts';
import { composite, prepared } from './composite.ts';
import { dagFeatures } from './dag-features.ts';
import { matchDags } from './edit-distance.ts';
import { expectedNode } from './expected.ts';
import { softPrune } from './prune.ts';
import { contextVector, rank } from './rank.ts';
import { SET_MODEL } from './ranking-model.ts';
import { rerank } from './rerank.ts';
import { retrieve } from './retrieve.ts';
import type { Situation } from './situation.ts';
import { subgraphOf } from './subgraph.ts';
import { NODE_WIDTH } from './trace-graph.ts';

const DAY_MS = 86_400_000;

/** The situation that a trace was made in, `over` that. */
const situationOf = (trace: Trace, over: Partial<Situation> = {}): Situation => ({
  dag: trace.dag,
  vector: trace.vector,
  nodes: trace.map.nodes.map((n) => ({ ...n, utilisationPpm: 0 })),
  nowMs: trace.createdMs,
  ...over,
});
const nearOf = (situation: Situation, traces: readonly Trace[]): { hit: Hit; trace: Trace }[] =>
  traces.map((trace) => ({
    trace,
    hit: {
      id: trace.id,
      similarity: cosine(situation.vector, trace.vector),
      reward: trace.realisedUtility,
      own: true,
    },
  }));
const match = (a: TraceDag, b: TraceDag): ReturnType<typeof matchDags> =>
  matchDags(dagFeatures(a), dagFeatures(b));
const shuffled = (dag: TraceDag, seed: number): TraceDag => {
  const next = uniform(seed);
  const keyed = dag.services.map((s) => ({ s: { ...s, name: `x${s.name}` }, key: next() }));
  return {
    ...dag,
    services: keyed.sort((a, b) => a.key - b.key).map(({ s }) => s),
    calls: dag.calls.map((c) => ({ ...c, from: `x${c.from}`, to: `x${c.to}` })),
  };
};

describe('assign', () => {
  it('costs as little as the best of all permutations', () => {
    const permutations = (n: number): number[][] =>
      n === 0
        ? [[]]
        : permutations(n - 1).flatMap((p) =>
            Array.from({ length: n }, (_, i) => [...p.slice(0, i), n - 1, ...p.slice(i)]),
          );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.nat(9), { minLength: 36, maxLength: 36 }),
        (n, numbers) => {
          const cost = Float64Array.from(numbers.slice(0, n * n));
          const of = (p: ArrayLike<number>): number =>
            Array.from(p).reduce((sum, c, r) => sum + cost[r * n + c]!, 0);
          const got = assign(cost, n);
          assert.equal(new Set(got).size, n);
          assert.equal(of(got), Math.min(...permutations(n).map(of)));
        },
      ),
    );
  });
});

describe('DAG similarity', () => {
  it('is 1 for the same graph under other names in another order, and finds which service is which', () => {
    for (let n = 0; n < 30; n++) {
      const { dag } = contentOf(n);
      const other = shuffled(dag, n);
      const { similarity, mapped } = match(dag, other);
      assert.equal(similarity, 1);
      for (const [i, j] of mapped.entries()) assert.equal(other.services[j]?.work, dag.services[i]?.work);
    }
  });

  it('lies between 0 and 1, and falls with every edit', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(500), (a, b) => {
        const { similarity, mapped } = match(contentOf(a).dag, contentOf(b).dag);
        assert.ok(similarity >= 0 && similarity <= 1);
        const used = [...mapped].filter((j) => j >= 0);
        assert.equal(new Set(used).size, used.length);
      }),
    );
    const { dag } = contentOf(8);
    const fewerCalls = { ...dag, calls: dag.calls.slice(1) };
    const heavier = {
      ...dag,
      services: dag.services.map((s, i) => (i === 0 ? { ...s, work: s.work * 50 } : s)),
    };
    const edited = [fewerCalls, heavier, { ...heavier, calls: fewerCalls.calls }].map(
      (d) => match(dag, d).similarity,
    );
    assert.ok(edited.every((s) => s < 1 && s > 0.5));
    assert.ok(edited[2]! < Math.min(edited[0]!, edited[1]!));
  });
});

describe('composite similarity', () => {
  const trace = traceOf(3);
  const part = (over: Partial<Situation>): ReturnType<typeof composite> =>
    composite(prepared(situationOf(trace, over)), trace, 1, SET_MODEL);

  it('is 1 in the very situation of the trace, with room', () => {
    assert.ok(Math.abs(part({}).similarity - 1) < 1e-9);
  });

  it('counts machines that are gone half when their region is there, not at all otherwise', () => {
    assert.equal(part({ nodes: [] }).placement, 0);
    const regions = trace.map.nodes.map((n) => ({ ...n, name: `new-${n.name}`, utilisationPpm: 0 }));
    assert.ok(Math.abs(part({ nodes: regions }).placement - 0.5) < 1e-9);
    const full = trace.map.nodes.map((n) => ({ ...n, utilisationPpm: 1_000_000 }));
    assert.equal(part({ nodes: full }).placement, 0);
  });

  it('prefers traces that leave what runs where it is', () => {
    const stay = new Map(trace.map.placements.map((p) => [p.service, p.node]));
    const move = new Map(trace.dag.services.map((s) => [s.name, 'elsewhere']));
    assert.ok(part({ placed: stay }).placement > part({ placed: move }).placement);
  });
});

describe('soft pruning and reranking', () => {
  const trace = traceOf(6);
  const situation = situationOf(trace);
  const graph = subgraphOf(trace, prepared(situation), match(trace.dag, trace.dag));
  const expected = expectedNode(situation.vector, undefined, [{ graph, similarity: 1 }]);
  const sum = (x: Float64Array): number => x.reduce((a, b) => a + b, 0);

  it('weighs nodes and edges within (0, 1), less with age and distance', () => {
    const young = softPrune(graph, expected, 0, SET_MODEL.pruning);
    const old = softPrune(graph, expected, 30 * DAY_MS, SET_MODEL.pruning);
    const far = softPrune(
      graph,
      expected.map((x) => x + 2),
      0,
      SET_MODEL.pruning,
    );
    for (const alpha of [...young.nodes, ...young.edges, ...old.nodes, ...far.nodes])
      assert.ok(alpha > 0 && alpha < 1);
    assert.ok(sum(old.nodes) < sum(young.nodes) && sum(old.edges) < sum(young.edges));
    assert.ok(sum(far.nodes) < sum(young.nodes));
  });

  it('weighs calls less when they would travel otherwise under the present topology', () => {
    const slow = subgraphOf(
      trace,
      prepared({ ...situation, transferMicros: () => 1e6 }),
      match(trace.dag, trace.dag),
    );
    assert.ok(
      sum(softPrune(slow, expected, 0, SET_MODEL.pruning).edges) <
        sum(softPrune(graph, expected, 0, SET_MODEL.pruning).edges),
    );
  });

  it('gives a relevance that the order of services does not change', () => {
    const other = { ...trace, dag: { ...trace.dag, services: trace.dag.services.toReversed() } };
    const turned = subgraphOf(other, prepared(situation), match(trace.dag, other.dag));
    const of = (g: typeof graph): number =>
      rerank(g, softPrune(g, expected, 0, SET_MODEL.pruning), expected).relevance;
    assert.ok(Math.abs(of(graph) - of(turned)) < 1e-12);
    assert.ok(of(graph) >= -1 - 1e-12 && of(graph) <= 1 + 1e-12);
  });

  it('projects the query with W_q where there is one', () => {
    const projection = new Float32Array(NODE_WIDTH * 16);
    projection[0] = 2;
    assert.equal(expectedNode(situation.vector, projection, [])[0], 2 * situation.vector[0]!);
    assert.throws(() => expectedNode(situation.vector, new Float32Array(3), []), /W_q/);
  });
});

describe('rank', () => {
  const trace = traceOf(10);
  const traces = Array.from({ length: 40 }, (_, i) => traceOf(i));
  const situation = situationOf(trace, { nowMs: trace.createdMs + DAY_MS });

  it('puts the trace of the very situation first, and says why', () => {
    const [best, second] = rank(situation, nearOf(situation, traces), 5);
    assert.equal(best?.trace.id, trace.id);
    assert.ok(best.score > second!.score);
    const count = trace.dag.services.length;
    assert.ok(best.reasons[0]?.startsWith(`DAG 1.00: ${count} of ${count} services match`));
    assert.equal(best.reasons.length, 10);
  });

  it('does not depend on the order in which traces come', () => {
    const near = nearOf(situation, traces);
    const ids = (list: typeof near): string[] => rank(situation, list, 10).map((r) => r.trace.id);
    assert.deepEqual(ids(near.toReversed()), ids(near));
  });

  it('prefers the younger of two that are alike', () => {
    const old = traceOf(10, { createdMs: trace.createdMs - 20 * DAY_MS });
    assert.deepEqual(
      rank(situation, nearOf(situation, [old, trace]), 2).map((r) => r.trace.id),
      [trace.id, old.id],
    );
  });

  it('makes one vector of fixed length of any number of traces, those of others included', () => {
    const near = nearOf(situation, [trace, withoutMetadata(traceOf(11, { shareable: true }))]);
    for (const count of [1, 2]) {
      const context = contextVector(rank(situation, near, count), situation);
      assert.equal(context.length, 16 + NODE_WIDTH + 3);
      assert.ok(context.every(Number.isFinite) && context.some((x) => x !== 0));
    }
    assert.ok(contextVector([], situation).every((x) => x === 0));
    assert.deepEqual(contextVector(rank(situation, near, 1), situation).subarray(0, 16), trace.vector);
  });
});

describe('retrieve', () => {
  const trace = traceOf(1);
  const filter = { tenant: 'arena', encoderVersion: TEST_ENCODER };
  const failing = (failure: Error): TraceStore =>
    ({
      knn: (): never => {
        throw failure;
      },
    }) as unknown as TraceStore;

  it('goes on without a memory that cannot be asked, and says so', async () => {
    for (const error of [new MemoryUnavailable('bolt://x: gone'), new UnknownTenant('arena')]) {
      const { retrieved, without, context } = await retrieve(failing(error), situationOf(trace), filter, 3);
      assert.deepEqual([retrieved.length, without, context.length], [0, error.message, 16 + NODE_WIDTH + 3]);
    }
    const other = new OtherEncoder('the query', 'a', 'b');
    await assert.rejects(retrieve(failing(other), situationOf(trace), filter, 3), other);
  });

  it('touches what it returns', async () => {
    const touched: string[] = [];
    const traces = [traceOf(1), traceOf(2), traceOf(3)];
    const query = vectorOf(1, 16);
    const store = {
      knn: () => Promise.resolve(nearOf(situationOf(trace, { vector: query }), traces).map(({ hit }) => hit)),
      get: () => Promise.resolve(traces),
      touch: (ids: readonly string[]) => void touched.push(...ids),
    } as unknown as TraceStore;
    const { retrieved } = await retrieve(store, situationOf(trace), filter, 2);
    assert.deepEqual(
      retrieved.map((r) => r.trace.id),
      touched,
    );
    assert.equal(retrieved[0]?.trace.id, trace.id);
  });
});

describe('the influence of other tenants', () => {
  it('is at most half of the answer while own traces last, however many they share', async () => {
    const mine = Array.from({ length: 10 }, (_, i) => traceOf(i));
    const theirs = Array.from({ length: 64 }, (_, i) =>
      withoutMetadata(traceOf(100 + i, { shareable: true })),
    );
    const situation = situationOf(traceOf(3));
    const hitOf = (t: Trace, own: boolean): Hit => ({
      id: t.id,
      similarity: own ? 0.5 : 0.99,
      reward: 1,
      own,
    });
    const store = {
      knn: (_v: unknown, k: number, filter: { ownOnly?: boolean }) =>
        Promise.resolve(
          (filter.ownOnly === true ? [] : theirs.map((t) => hitOf(t, false)))
            .concat(mine.map((t) => hitOf(t, true)))
            .slice(0, k),
        ),
      get: () => Promise.resolve([...mine, ...theirs]),
      touch: () => undefined,
    } as unknown as TraceStore;
    const filter = { tenant: 'arena', encoderVersion: TEST_ENCODER };
    for (const count of [1, 4, 5]) {
      const { retrieved } = await retrieve(store, situation, filter, count);
      assert.equal(retrieved.length, count);
      assert.ok(retrieved.filter((r) => !r.own).length <= count / 2, `${count}`);
    }
    const { retrieved } = await retrieve(store, situation, filter, 30);
    assert.equal(retrieved.filter((r) => r.own).length, 10);
  });
});
