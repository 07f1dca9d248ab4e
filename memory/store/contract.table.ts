import assert from 'node:assert/strict';
import { TEST_ENCODER, traceOf, vectorOf } from '#memory/test-traces.ts';
import { RefusedTrace } from '#memory/trace/refusal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { cosine } from '#memory/trace/vector.ts';
import { OtherEncoder, UnknownTenant } from './errors.ts';
import type { Filter, Hit, Reembed, TraceStore } from './trace-store.ts';

/** An empty store for vectors of 16 numbers of `TEST_ENCODER`. */
export type OpenEmpty = (reembed?: Reembed) => Promise<TraceStore>;

const arena: Filter = { tenant: 'arena', encoderVersion: TEST_ENCODER };
/** Item of a list that the test made itself. */
function nth<T>(list: readonly T[], i: number): T {
  const item = list[i];
  if (item === undefined) throw new Error(`the list has no item ${i}`);
  return item;
}
const byText = (a: unknown, b: unknown): number => (String(a) < String(b) ? -1 : 1);
const idsOf = (hits: readonly Hit[]): string[] => hits.map((h) => h.id);

/** What a store must answer, by sorting everything. */
function expected(
  traces: readonly Trace[],
  query: Float32Array,
  k: number,
): Pick<Hit, 'id' | 'similarity'>[] {
  return traces
    .map((t) => ({ id: t.id, similarity: cosine(query, t.vector) }))
    .sort((a, b) => b.similarity - a.similarity || (a.id < b.id ? -1 : 1))
    .slice(0, k);
}

/** Sentences that hold for every store: each test opens an empty one. */
export const CONTRACT: Readonly<Record<string, (open: OpenEmpty) => Promise<void>>> = {
  'gives back what was put, whole, in the order that was asked for': async (open) => {
    const store = await open();
    const traces = [
      traceOf(1),
      traceOf(2, { replanOf: traceOf(1).id, source: 'observed' }),
      traceOf(3, { shareable: true }),
    ];
    assert.deepEqual(await store.put(traces), { added: 3, known: 0, reembedded: 0 });
    const wanted = [nth(traces, 2), nth(traces, 0), nth(traces, 1)];
    assert.deepEqual(await store.get('arena', [...wanted.map((t) => t.id), 'ab'.repeat(32)]), wanted);
    await store.close();
  },

  'takes the same content once': async (open) => {
    const store = await open();
    await store.put([traceOf(1)]);
    assert.deepEqual(await store.put([traceOf(1), traceOf(2), traceOf(2)]), {
      added: 1,
      known: 2,
      reembedded: 0,
    });
    assert.equal((await store.stats()).traces, 2);
    await store.close();
  },

  'finds the nearest by exact cosine': async (open) => {
    const store = await open();
    const traces = Array.from({ length: 120 }, (_, i) => traceOf(i, { region: `region-${i % 3}` }));
    await store.put(traces);
    for (const n of [500, 501, 502]) {
      const query = vectorOf(n, 16);
      for (const k of [1, 7]) {
        const hits = await store.knn(query, k, arena);
        assert.deepEqual(
          hits.map(({ id, similarity }) => ({ id, similarity })),
          expected(traces, query, k),
        );
        assert.ok(
          hits.every((h) => h.own && h.reward === traces.find((t) => t.id === h.id)?.realisedUtility),
        );
      }
    }
    await store.close();
  },

  'orders equals by id': async (open) => {
    const store = await open();
    const vector = vectorOf(1, 16);
    const traces = Array.from({ length: 20 }, (_, i) => traceOf(i, {}, { vector }));
    await store.put(traces);
    assert.deepEqual(
      idsOf(await store.knn(vector, 5, arena)),
      traces
        .map((t) => t.id)
        .sort(byText)
        .slice(0, 5),
    );
    await store.close();
  },

  'filters before it counts to k': async (open) => {
    const store = await open();
    const traces = Array.from({ length: 90 }, (_, i) =>
      traceOf(i, {
        region: `region-${i % 3}`,
        slice: i % 2 === 0 ? 'xr' : 'twin',
        realisedUtility: (i % 10) / 10,
      }),
    );
    await store.put(traces);
    const query = vectorOf(77, 16);
    const filters: [Partial<Filter>, (t: Trace) => boolean][] = [
      [{ shard: 'region-1' }, (t) => t.region === 'region-1'],
      [{ slice: 'twin' }, (t) => t.slice === 'twin'],
      [{ minReward: 0.7 }, (t) => t.realisedUtility >= 0.7],
      [{ sinceMs: nth(traces, 60).createdMs }, (t) => t.createdMs >= nth(traces, 60).createdMs],
      [
        { shard: 'region-2', slice: 'xr', minReward: 0.4 },
        (t) => t.region === 'region-2' && t.slice === 'xr' && t.realisedUtility >= 0.4,
      ],
      [{ shard: 'nowhere' }, () => false],
    ];
    for (const [filter, keeps] of filters) {
      const want = expected(traces.filter(keeps), query, 8).map((e) => e.id);
      assert.deepEqual(
        idsOf(await store.knn(query, 8, { ...arena, ...filter })),
        want,
        JSON.stringify(filter),
      );
    }
    await store.close();
  },

  'ties traces to those of the same DAG, replans and nodes': async (open) => {
    const store = await open();
    const { dag } = traceOf(1);
    const first = traceOf(1);
    const again = traceOf(2, { dag: { ...dag, name: 'arena/another' } });
    const later = traceOf(3, { dag, replanOf: first.id });
    await store.put([first, again, later, traceOf(4)]);
    const nodes = [...new Set(first.map.placements.map((p) => p.node))].sort(byText);
    assert.deepEqual(await store.neighbours('arena', first.id), {
      sameDag: [later.id, again.id],
      replanOf: undefined,
      replannedBy: [later.id],
      placedOn: nodes,
    });
    assert.equal((await store.neighbours('arena', later.id))?.replanOf, first.id);
    assert.equal(await store.neighbours('arena', 'ab'.repeat(32)), undefined);
    await store.close();
  },

  'keeps tenants apart: others are seen only where shared, and then without their metadata': async (open) => {
    const store = await open();
    const vector = vectorOf(9, 16);
    const own = traceOf(1, { tenant: 'arena' }, { vector });
    const secret = traceOf(
      2,
      { tenant: 'rival', slice: 'rival-slice', policy: 'rival-policy', dag: own.dag },
      { vector },
    );
    const shared = traceOf(
      3,
      {
        tenant: 'rival',
        slice: 'rival-slice',
        policy: 'rival-policy',
        dag: { ...own.dag, name: 'rival/app' },
        shareable: true,
        replanOf: secret.id,
      },
      { vector },
    );
    await store.put([own, secret, shared]);
    const hits = await store.knn(vector, 10, arena);
    assert.deepEqual(
      hits.map((h) => [h.id, h.own]).sort(byText),
      [
        [own.id, true],
        [shared.id, false],
      ].sort(byText),
    );
    assert.deepEqual(idsOf(await store.knn(vector, 10, { ...arena, ownOnly: true })), [own.id]);
    const seen = await store.get('arena', [own.id, secret.id, shared.id]);
    assert.deepEqual(
      seen.map((t) => t.id),
      [own.id, shared.id],
    );
    assert.ok(!JSON.stringify(seen[1]).includes('rival'));
    assert.equal(seen[1]?.replanOf, undefined);
    assert.deepEqual((await store.neighbours('arena', own.id))?.sameDag, [shared.id]);
    assert.equal(await store.neighbours('arena', secret.id), undefined);
    assert.equal((await store.neighbours('arena', shared.id))?.replanOf, undefined);
    const exported: string[] = [];
    for await (const t of store.export('arena')) exported.push(t.id);
    assert.deepEqual(exported, [own.id]);
    await store.close();
  },

  'knows a tenant once it has put or was admitted': async (open) => {
    const store = await open();
    await store.put([traceOf(1, { shareable: true })]);
    const stranger = { ...arena, tenant: 'stranger' };
    const unknown = (error: unknown): boolean =>
      error instanceof UnknownTenant && !error.message.includes('arena');
    await assert.rejects(store.knn(vectorOf(1, 16), 3, stranger), unknown);
    await assert.rejects(store.get('stranger', [traceOf(1).id]), unknown);
    await assert.rejects(store.neighbours('stranger', traceOf(1).id), unknown);
    await store.admit('stranger');
    assert.deepEqual(idsOf(await store.knn(vectorOf(1, 16), 3, stranger)), [
      traceOf(1, { shareable: true }).id,
    ]);
    await store.close();
  },

  'refuses queries that cannot be compared': async (open) => {
    const store = await open();
    await store.put([traceOf(1)]);
    const asked = (vector: ArrayLike<number>, k = 3, over: Partial<Filter> = {}): Promise<unknown> =>
      store.knn(vector, k, { ...arena, ...over });
    await assert.rejects(asked(vectorOf(1, 8)), RefusedTrace);
    await assert.rejects(asked([NaN, ...vectorOf(1, 15)]), RefusedTrace);
    await assert.rejects(asked(new Float32Array(16)), RefusedTrace);
    await assert.rejects(asked(vectorOf(1, 16), 0), RefusedTrace);
    await assert.rejects(asked(vectorOf(1, 16), 1.5), RefusedTrace);
    await assert.rejects(asked(vectorOf(1, 16), 3, { encoderVersion: 'other' }), OtherEncoder);
    await store.close();
  },

  'embeds traces of another encoder again, or refuses them, and writes nothing of a refused put': async (
    open,
  ) => {
    const strict = await open();
    const other = traceOf(2, {}, { encoderVersion: 'old', vector: [1, 2] });
    await assert.rejects(strict.put([traceOf(1), other]), OtherEncoder);
    await assert.rejects(strict.put([traceOf(1), traceOf(2, {}, { vector: [1, 2] })]), RefusedTrace);
    assert.equal((await strict.stats()).traces, 0);
    await strict.close();
    const store = await open((trace) => vectorOf(trace.window, 16));
    assert.deepEqual(await store.put([other]), { added: 1, known: 0, reembedded: 1 });
    const [back] = await store.get('arena', [other.id]);
    assert.equal(back?.encoderVersion, TEST_ENCODER);
    assert.deepEqual(back?.vector, vectorOf(2, 16));
    const [hit] = await store.knn(vectorOf(2, 16), 1, arena);
    assert.equal(hit?.id, other.id);
    await store.close();
  },

  'removes for good': async (open) => {
    const store = await open();
    const traces = Array.from({ length: 10 }, (_, i) => traceOf(i));
    await store.put(traces);
    const gone = traces.slice(0, 4).map((t) => t.id);
    assert.equal(await store.remove([...gone, 'ab'.repeat(32)]), 4);
    assert.deepEqual(await store.get('arena', gone), []);
    const left = idsOf(await store.knn(vectorOf(1, 16), 10, arena));
    assert.deepEqual(
      left.toSorted(byText),
      traces
        .slice(4)
        .map((t) => t.id)
        .toSorted(byText),
    );
    assert.equal((await store.stats()).traces, 6);
    await store.close();
  },

  'expires the old, then of each shard the least worth keeping': async (open) => {
    const store = await open();
    const nowMs = 1_800_000_000_000;
    const made = (n: number, region: string, ageMs: number, realisedUtility: number): Trace =>
      traceOf(n, { region, createdMs: nowMs - ageMs, realisedUtility });
    const old = made(1, 'region-0', 90_000, 1);
    const poor = made(2, 'region-0', 1000, 0.1);
    const used = made(3, 'region-0', 1000, 0.2);
    const fine = made(4, 'region-0', 1000, 0.3);
    const elsewhere = made(5, 'region-1', 1000, 0);
    await store.put([old, poor, used, fine, elsewhere]);
    store.touch([used.id, used.id, used.id, used.id], nowMs);
    assert.deepEqual(await store.expire({ nowMs, ttlMs: 60_000, maxPerShard: 2 }), { aged: 1, evicted: 1 });
    assert.deepEqual(
      idsOf(await store.knn(vectorOf(1, 16), 10, arena)).sort(byText),
      [used.id, fine.id, elsewhere.id].sort(byText),
    );
    assert.deepEqual(await store.expire({ nowMs, maxPerShard: 1 }), { aged: 0, evicted: 1 });
    const kept = idsOf(await store.knn(vectorOf(1, 16), 10, { ...arena, shard: 'region-0' }));
    // Four uses are worth 0.1: 0.2 * 4 / 8, more than 0.1 of utility (0.05).
    assert.deepEqual(kept, [used.id]);
    assert.deepEqual(await store.expire({ nowMs }), { aged: 0, evicted: 0 });
    await store.close();
  },

  'counts by shard and tenant': async (open) => {
    const store = await open();
    await store.put([traceOf(1), traceOf(2, { region: 'region-1' }), traceOf(3, { tenant: 'rival' })]);
    await store.admit('stranger');
    const { traces, stale, dimension, encoderVersion, shards, tenants } = await store.stats();
    assert.deepEqual(
      { traces, stale, dimension, encoderVersion },
      { traces: 3, stale: 0, dimension: 16, encoderVersion: TEST_ENCODER },
    );
    assert.deepEqual(
      [...shards],
      [
        ['region-0', 2],
        ['region-1', 1],
      ],
    );
    assert.deepEqual(
      [...tenants],
      [
        ['arena', 2],
        ['rival', 1],
        ['stranger', 0],
      ],
    );
    const everything: string[] = [];
    for await (const t of store.export(undefined)) everything.push(t.id);
    assert.deepEqual(
      everything,
      [traceOf(1), traceOf(2, { region: 'region-1' }), traceOf(3, { tenant: 'rival' })]
        .map((t) => t.id)
        .sort(byText),
    );
    await store.close();
  },
};
