import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cosine } from '#memory/trace/vector.ts';
import { IndexShard } from './index-shard.ts';
import type { Entry } from './index-shard.ts';
import { ALIVE, ID_BYTES } from './segment.ts';
import { clustered } from '#memory/store/clustered.ts';

/** An id whose order is not that of the rows. */
const idOf = (row: number): Buffer => {
  const id = Buffer.alloc(ID_BYTES);
  id.writeUInt32BE((row * 2_654_435_761) >>> 0);
  id.writeUInt32BE(row, 4);
  return id;
};
const entry = (row: number, vector: Float32Array, over: Partial<Entry> = {}): Entry => ({
  row,
  id: idOf(row),
  tenant: row % 3,
  slice: 0,
  createdMs: row,
  reward: 0,
  shareable: false,
  uses: 0,
  usedMs: 0,
  vector,
  ...over,
});

const alive = (segment: { flags: Uint8Array }, i: number): boolean => ((segment.flags[i] ?? 0) & ALIVE) !== 0;

/** Sorts everything by exact cosine. */
function bruteForce(entries: readonly Entry[], query: Float32Array, k: number): number[] {
  return entries
    .map((e) => ({ e, s: cosine(query, e.vector) }))
    .sort((a, b) => b.s - a.s || Buffer.compare(a.e.id, b.e.id))
    .slice(0, k)
    .map(({ e }) => e.row);
}

describe('an index shard', () => {
  it('answers as an exact scan does, on clusters, whatever k and dimension', () => {
    for (const [dimension, count, seed] of [
      [128, 3000, 1],
      [24, 2000, 2],
      [7, 500, 3],
      [256, 700, 4],
    ] as const) {
      const { vectors, queries } = clustered({ count, queries: 10, dimension, clusters: 8, seed });
      const entries = vectors.map((v, i) => entry(i, v));
      const shard = new IndexShard(dimension);
      for (const e of entries) shard.add(e);
      for (const q of queries) {
        for (const k of [1, 10, 100]) {
          assert.deepEqual(
            shard.search(q, k, alive).map((c) => c.row),
            bruteForce(entries, q, k),
          );
        }
      }
    }
  });

  it('is exact where int8 copies cannot tell vectors apart', () => {
    const base = clustered({ count: 1, queries: 0, dimension: 32, clusters: 1, seed: 9 }).vectors[0]!;
    // 2000 vectors within a millionth of each other: far below one step of int8.
    const entries = Array.from({ length: 2000 }, (_, i) =>
      entry(
        i,
        base.map((x, j) => x + 1e-6 * (((i * 7919 + j * 104_729) % 2000) / 1000 - 1)),
      ),
    );
    const shard = new IndexShard(32);
    for (const e of entries) shard.add(e);
    assert.deepEqual(
      shard.search(base, 20, alive).map((c) => c.row),
      bruteForce(entries, base, 20),
    );
  });

  it('breaks ties by id, not by order of arrival', () => {
    const same = Float32Array.of(1, 2, 3, 4);
    const entries = Array.from({ length: 300 }, (_, i) => entry(i, same));
    const shard = new IndexShard(4);
    for (const e of entries) shard.add(e);
    assert.deepEqual(
      shard.search(same, 5, alive).map((c) => c.row),
      bruteForce(entries, same, 5),
    );
  });

  it('reuses slots of the dead, and never returns them', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 200 }), (operations) => {
        const shard = new IndexShard(4);
        const here = new Map<number, { slot: number; e: Entry }>();
        for (const [step, key] of operations.entries()) {
          const known = here.get(key);
          if (known === undefined) {
            const e = entry(key, Float32Array.of(key + 1, step % 7, 1, -2));
            here.set(key, { slot: shard.add(e), e });
          } else {
            assert.equal(shard.slotOf(key), known.slot);
            assert.equal(shard.rowAt(known.slot), key);
            assert.equal(shard.kill(known.slot), true);
            assert.equal(shard.kill(known.slot), false);
            here.delete(key);
          }
        }
        const query = Float32Array.of(3, 1, 1, 1);
        const entries = [...here.values()].map(({ e }) => e);
        assert.equal(shard.size, entries.length);
        assert.ok(shard.slots <= 41);
        assert.deepEqual(
          shard.search(query, 50, alive).map((c) => c.row),
          bruteForce(entries, query, 50),
        );
      }),
    );
  });

  it('applies the filter before it counts to k', () => {
    const { vectors, queries } = clustered({ count: 2500, queries: 5, dimension: 16, clusters: 4, seed: 5 });
    const entries = vectors.map((v, i) => entry(i, v));
    const shard = new IndexShard(16);
    for (const e of entries) shard.add(e);
    for (const q of queries) {
      const got = shard.search(q, 10, (s, i) => s.tenants[i] === 1).map((c) => c.row);
      assert.deepEqual(
        got,
        bruteForce(
          entries.filter((e) => e.tenant === 1),
          q,
          10,
        ),
      );
    }
  });
});
