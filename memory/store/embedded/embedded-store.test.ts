import assert from 'node:assert/strict';
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TEST_ENCODER, traceOf, vectorOf } from '#memory/test-traces.ts';
import { CONTRACT } from '#memory/store/contract.table.ts';
import { RE_EMBEDDING } from '#memory/store/re-embedding.table.ts';
import { DamagedMemory, MemoryUnavailable } from '#memory/store/errors.ts';
import { RefusedTrace } from '#memory/trace/refusal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { openEmbedded } from './embedded-store.ts';
import { priority } from '#memory/store/priority.ts';

const space = { dimension: 16, encoderVersion: TEST_ENCODER };
const arena = { tenant: 'arena', encoderVersion: TEST_ENCODER };

describe('the embedded store', () => {
  let folder = '';
  let files = 0;
  const fresh = (): string => join(folder, `${files++}.db`);
  before(() => (folder = mkdtempSync(join(tmpdir(), 'edgeloom-memory-'))));
  after(() => rmSync(folder, { recursive: true }));

  for (const [sentence, holds] of Object.entries(CONTRACT)) {
    it(sentence, () =>
      holds((reembed) => openEmbedded({ path: fresh(), space, ...(reembed && { reembed }) })),
    );
  }

  for (const [sentence, holds] of Object.entries(RE_EMBEDDING)) {
    it(sentence, () => {
      const [path, other] = [fresh(), fresh()];
      return holds(
        (options) => openEmbedded({ path, ...options }),
        (options) => openEmbedded({ path: other, ...options }),
      );
    });
  }

  it('opens files of before contexts were kept, also to read only', async () => {
    const path = await filled(3);
    const db = new DatabaseSync(path);
    for (const column of ['own', 'scene', 'columns']) db.exec(`ALTER TABLE payloads DROP COLUMN ${column}`);
    db.exec('DROP TABLE scenes; DROP TABLE scene_uses;');
    db.close();
    const reader = await openEmbedded({
      path,
      space: { dimension: 16, encoderVersion: 'other' },
      readOnly: true,
    });
    const { stale, embeddable } = await reader.stats();
    assert.deepEqual([stale, embeddable], [3, 0]);
    await reader.close();
    const store = await openEmbedded({ path, space });
    for await (const trace of store.export(undefined)) assert.equal(trace.context, undefined);
    await store.put([traceOf(9)]);
    assert.equal((await store.stats()).traces, 4);
    await store.close();
  });

  it('has readers take in what is embedded again meanwhile', async () => {
    const path = await filled(90);
    const moved = { dimension: 8, encoderVersion: 'test-2' };
    const half = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let count = 0;
    const writer = await openEmbedded({
      path,
      space: moved,
      reembed: async (t) => {
        if (count++ === 70) {
          half.resolve();
          await gate.promise;
        }
        return vectorOf(t.window, 8);
      },
    });
    await half.promise;
    const reader = await openEmbedded({ path, readOnly: true });
    const filter = { tenant: 'arena', encoderVersion: 'test-2' };
    assert.equal((await reader.knn(vectorOf(1, 8), 100, filter)).length, 64);
    gate.resolve();
    await writer.settled();
    assert.equal((await reader.knn(vectorOf(1, 8), 100, filter)).length, 90);
    assert.equal((await writer.knn(vectorOf(1, 8), 100, filter)).length, 90);
    await reader.close();
    await writer.close();
  });

  /** A closed file with `count` traces. */
  async function filled(count: number, path = fresh()): Promise<string> {
    const store = await openEmbedded({ path, space });
    await store.put(Array.from({ length: count }, (_, i) => traceOf(i)));
    await store.close();
    return path;
  }

  it('is the same after it was closed and opened, uses included', async () => {
    const path = fresh();
    const first = await openEmbedded({ path, space });
    await first.put([traceOf(1, { realisedUtility: 0.1 }), traceOf(2, { realisedUtility: 0.15 })]);
    await first.admit('stranger');
    first.touch([traceOf(1, { realisedUtility: 0.1 }).id], 1_700_000_000_000);
    const before = await first.knn(vectorOf(1, 16), 5, arena);
    await first.close();
    const second = await openEmbedded({ path, space });
    assert.deepEqual(await second.knn(vectorOf(1, 16), 5, arena), before);
    assert.deepEqual(await second.get('stranger', []), []);
    await second.expire({ nowMs: 1_700_000_000_000, maxPerShard: 1 });
    assert.equal((await second.knn(vectorOf(1, 16), 5, arena))[0]?.reward, 0.1);
    await second.close();
  });

  it('answers queries while it writes and expires, and between slices', async () => {
    const store = await openEmbedded({ path: fresh(), space });
    await store.put(Array.from({ length: 600 }, (_, i) => traceOf(i)));
    let answered = 0;
    let busy = true;
    const asking = (async (): Promise<void> => {
      for (;;) {
        if (!busy) return;
        await store.knn(vectorOf(answered, 16), 3, arena);
        answered++;
        await new Promise((resolve) => void setImmediate(resolve));
      }
    })();
    const putting = store.put(Array.from({ length: 600 }, (_, i) => traceOf(1000 + i)));
    const expiring = store.expire({ nowMs: 1_700_000_000_000, maxPerShard: 100 });
    await Promise.all([putting, expiring]);
    busy = false;
    await asking;
    assert.ok(answered > 5, `${answered} queries were answered meanwhile`);
    await store.close();
  });

  it('has one writer, and any number of readers', async () => {
    const path = await filled(3);
    const writer = await openEmbedded({ path, space });
    await writer.put([traceOf(50)]);
    const second = await openEmbedded({ path, space });
    await assert.rejects(second.put([traceOf(51)]), /another process writes/);
    const reader = await openEmbedded({ path, readOnly: true });
    assert.equal((await reader.stats()).traces, 4);
    await assert.rejects(reader.put([traceOf(52)]), MemoryUnavailable);
    await Promise.all([reader.close(), second.close(), writer.close()]);
    await assert.rejects(writer.knn(vectorOf(1, 16), 1, arena), MemoryUnavailable);
  });

  it('lets readers see what another process writes and removes, from the next query on', async () => {
    const path = fresh();
    const writer = await openEmbedded({ path, space: { dimension: 16, encoderVersion: TEST_ENCODER } });
    const first = Array.from({ length: 20 }, (_, i) => traceOf(i));
    await writer.put(first);
    const reader = await openEmbedded({ path, readOnly: true });
    const filter = { tenant: 'arena', encoderVersion: TEST_ENCODER };
    const seen = async (): Promise<string[]> =>
      (await reader.knn(first[0]!.vector, 64, filter)).map((h) => h.id).sort();
    const idsOf = (traces: readonly Trace[]): string[] => traces.map((t) => t.id).sort();
    assert.deepEqual(await seen(), idsOf(first));
    assert.equal((await reader.get('arena', [first[19]!.id])).length, 1);
    const second = Array.from({ length: 5 }, (_, i) => traceOf(100 + i));
    await writer.put(second);
    assert.deepEqual(await seen(), idsOf([...first, ...second]));
    // The last rows go, and new traces get their numbers.
    await writer.remove(idsOf([...second, first[19]!]));
    const third = Array.from({ length: 3 }, (_, i) => traceOf(200 + i));
    await writer.put(third);
    assert.deepEqual(await seen(), idsOf([...first.slice(0, 19), ...third]));
    assert.deepEqual(await reader.get('arena', [first[19]!.id]), []);
    await assert.rejects(reader.knn(first[0]!.vector, 1, { ...filter, tenant: 'new' }), /new/);
    await writer.admit('new');
    assert.deepEqual(await reader.knn(first[0]!.vector, 1, { ...filter, tenant: 'new' }), []);
    await reader.close();
    await writer.close();
  });

  it('has readers stop when the file goes to another encoder', async () => {
    const path = fresh();
    const space = { dimension: 16, encoderVersion: TEST_ENCODER };
    const before = await openEmbedded({ path, space });
    await before.put([traceOf(1)]);
    await before.close();
    const reader = await openEmbedded({ path, readOnly: true });
    const after = await openEmbedded({
      path,
      space: { dimension: 8, encoderVersion: 'test-2' },
      reembed: () => vectorOf(1, 8),
    });
    await after.settled();
    const filter = { tenant: 'arena', encoderVersion: TEST_ENCODER };
    await assert.rejects(reader.knn(vectorOf(1, 16), 1, filter), /test-2.*open it again/);
    await after.close();
    await reader.close();
  });

  it('says what is wrong with a file that is cut short, something else, of a later version, or not there', async () => {
    const good = await filled(300);
    const cut = fresh();
    copyFileSync(good, cut);
    truncateSync(cut, Math.floor(statSync(good).size / 2));
    await assert.rejects(
      openEmbedded({ path: cut, space }),
      (e: Error) => e instanceof DamagedMemory && e.message.includes('cut short'),
    );
    const stub = fresh();
    copyFileSync(good, stub);
    truncateSync(stub, 50);
    await assert.rejects(openEmbedded({ path: stub, space }), DamagedMemory);
    const text = fresh();
    writeFileSync(text, 'x'.repeat(5000));
    await assert.rejects(openEmbedded({ path: text, space }), /no memory of edgeloom/);
    const other = fresh();
    const db = new DatabaseSync(other);
    db.exec('CREATE TABLE t (a)');
    db.close();
    await assert.rejects(openEmbedded({ path: other, space }), /no memory of edgeloom/);
    const later = fresh();
    copyFileSync(good, later);
    const raised = new DatabaseSync(later);
    raised.exec('PRAGMA user_version = 99');
    raised.close();
    await assert.rejects(openEmbedded({ path: later, space }), /later version/);
    await assert.rejects(openEmbedded({ path: fresh() }), MemoryUnavailable);
    await assert.rejects(openEmbedded({ path: fresh(), readOnly: true }), DamagedMemory);
  });

  it('builds a damaged index again from the table', async () => {
    const path = await filled(400);
    const db = new DatabaseSync(path);
    const pragma = (name: string): number => Number(Object.values(db.prepare(name).get() ?? {})[0]);
    const root = pragma("SELECT rootpage FROM sqlite_schema WHERE name = 'by_id'");
    const size = pragma('PRAGMA page_size');
    db.close();
    // The first leaf of the id index says that it has one cell fewer.
    const bytes = readFileSync(path);
    const rootAt = (root - 1) * size;
    const cell = rootAt + bytes.readUInt16BE(rootAt + 12);
    const leafAt = (bytes.readUInt32BE(cell) - 1) * size;
    bytes.writeUInt16BE(bytes.readUInt16BE(leafAt + 3) - 1, leafAt + 3);
    writeFileSync(path, bytes);
    const store = await openEmbedded({ path, space });
    assert.equal((await store.stats()).traces, 400);
    for (let n = 0; n < 400; n += 20) assert.equal((await store.get('arena', [traceOf(n).id])).length, 1);
    assert.deepEqual(await store.check(false), []);
    await store.close();
  });

  it('embeds a file of another encoder again when it can, and leaves its traces out until then', async () => {
    const path = await filled(150);
    const moved = { dimension: 8, encoderVersion: 'test-2' };
    const without = await openEmbedded({ path, space: moved });
    const query = { tenant: 'arena', encoderVersion: 'test-2' };
    assert.deepEqual(await without.knn(vectorOf(1, 8), 5, query), []);
    assert.equal((await without.stats()).stale, 150);
    await without.put([traceOf(900, {}, { encoderVersion: 'test-2', vector: vectorOf(900, 8) })]);
    await without.close();
    const again = await openEmbedded({ path, space: moved, reembed: (t) => vectorOf(t.window, 8) });
    await again.settled();
    assert.equal((await again.stats()).stale, 0);
    assert.equal((await again.knn(vectorOf(77, 8), 1, query))[0]?.id, traceOf(77).id);
    assert.equal((await again.stats()).traces, 151);
    await again.close();
    const once = await openEmbedded({ path });
    assert.equal((await once.stats()).encoderVersion, 'test-2');
    await once.close();
    await assert.rejects(
      openEmbedded({ path, space: { dimension: 9, encoderVersion: 'test-2' } }),
      RefusedTrace,
    );
  });

  it('stays open when a put fails', async () => {
    const path = await filled(2);
    const one = await openEmbedded({ path, space });
    const two = await openEmbedded({ path, space });
    await one.put([traceOf(10)]);
    await assert.rejects(
      two.put(Array.from({ length: 700 }, (_, i) => traceOf(2000 + i))),
      MemoryUnavailable,
    );
    assert.equal((await two.knn(vectorOf(1, 16), 10, arena)).length, 2);
    await one.close();
    await two.put([traceOf(11)]);
    await two.close();
  });
});

describe('priority', () => {
  const nowMs = 1e12;
  const base = { reward: 0.5, createdMs: nowMs - 1e7, usedMs: nowMs - 1e6, uses: 3 };
  it('rises with utility, freshness and use, and stays within 0 and 1', () => {
    const of = (over: Partial<typeof base>): number => priority({ ...base, ...over }, nowMs);
    assert.ok(of({ reward: 0.6 }) > of({}));
    assert.ok(of({ createdMs: nowMs }) > of({}));
    assert.ok(of({ uses: 4 }) > of({}));
    assert.ok(of({ usedMs: nowMs }) > of({}));
    assert.equal(of({ reward: -50 }), of({ reward: 0 }));
    assert.ok(of({ reward: 1, uses: 1e9, usedMs: nowMs + 5, createdMs: nowMs + 5 }) <= 1);
    assert.ok(of({ reward: -1, uses: 0, createdMs: 0 }) >= 0);
  });
});
