import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEST_ENCODER, traceOf, vectorOf } from '#memory/test-traces.ts';
import { CONTRACT } from '#memory/store/contract.table.ts';
import { openEmbedded } from '#memory/store/embedded/embedded-store.ts';
import { MemoryUnavailable } from '#memory/store/errors.ts';
import { RE_EMBEDDING } from '#memory/store/re-embedding.table.ts';
import type { OpenAgain } from '#memory/store/re-embedding.table.ts';
import { cosine } from '#memory/trace/vector.ts';
import { openBolt } from './bolt-store.ts';
import { Connection } from './connection.ts';
import { dialectOf } from './dialect.ts';
import { missing, startNeo4j } from './neo4j/server.ts';
import type { BoltServer } from './neo4j/server.ts';

const space = { dimension: 16, encoderVersion: TEST_ENCODER };
const arena = { tenant: 'arena', encoderVersion: TEST_ENCODER };

/** Everything goes: the tests' servers are theirs alone. */
async function emptied(url: string): Promise<void> {
  const connection = new Connection(url);
  await connection.write([['MATCH (n) DETACH DELETE n', {}]]);
  await connection.close();
}

function contract(url: () => string): void {
  for (const [sentence, holds] of Object.entries(CONTRACT)) {
    it(sentence, () =>
      holds(async (reembed) => {
        await emptied(url());
        return openBolt({ url: url(), space, ...(reembed && { reembed }) });
      }),
    );
  }

  for (const [sentence, holds] of Object.entries(RE_EMBEDDING)) {
    it(sentence, async () => {
      await emptied(url());
      // One server holds one memory: the other one is a file.
      const folder = mkdtempSync(join(tmpdir(), 'edgeloom-bolt-'));
      const another: OpenAgain = (options) => openEmbedded({ path: join(folder, 'another.db'), ...options });
      await holds((options) => openBolt({ url: url(), ...options }), another);
      rmSync(folder, { recursive: true });
    });
  }

  it('finds nearly all of the nearest among many, with exact similarities', async () => {
    await emptied(url());
    const store = await openBolt({ url: url(), space });
    const traces = Array.from({ length: 1500 }, (_, i) => traceOf(i));
    await store.put(traces);
    let found = 0;
    for (let n = 0; n < 20; n++) {
      const query = vectorOf(9000 + n, 16);
      const want = traces.map((t) => ({ id: t.id, s: cosine(query, t.vector) })).sort((a, b) => b.s - a.s);
      for (const hit of await store.knn(query, 10, arena)) {
        const rank = want.findIndex((w) => w.id === hit.id);
        assert.equal(hit.similarity, want[rank]?.s);
        if (rank < 10) found++;
      }
    }
    assert.ok(found >= 190, `${found} of the 200 nearest`);
    await store.close();
  });

  it('keeps traces of another encoder out until they are embedded again', async () => {
    await emptied(url());
    const first = await openBolt({ url: url(), space });
    await first.put(Array.from({ length: 100 }, (_, i) => traceOf(i)));
    await first.close();
    const moved = { dimension: 8, encoderVersion: 'test-2' };
    const query = { tenant: 'arena', encoderVersion: 'test-2' };
    const without = await openBolt({ url: url(), space: moved });
    assert.deepEqual(await without.knn(vectorOf(1, 8), 5, query), []);
    assert.equal((await without.stats()).stale, 100);
    await without.close();
    const again = await openBolt({ url: url(), space: moved, reembed: (t) => vectorOf(t.window, 8) });
    await again.settled();
    assert.equal((await again.knn(vectorOf(77, 8), 1, query))[0]?.id, traceOf(77).id);
    assert.equal((await again.stats()).stale, 0);
    await again.close();
    const back = await openBolt({ url: url(), space, reembed: (t) => vectorOf(t.window, 16) });
    await back.settled();
    assert.equal((await back.stats()).traces, 100);
    await back.close();
  });

  it('is there when it is opened again, and not written when opened to read only', async () => {
    await emptied(url());
    await assert.rejects(openBolt({ url: url(), readOnly: true }), /no memory there/);
    const store = await openBolt({ url: url(), space });
    await store.put([traceOf(1)]);
    await store.close();
    const reader = await openBolt({ url: url(), readOnly: true });
    assert.equal((await reader.stats()).traces, 1);
    await assert.rejects(reader.put([traceOf(2)]), MemoryUnavailable);
    await reader.close();
  });
}

const absent = missing();
describe(`the Bolt store on Neo4j${absent === undefined ? '' : ` (left out: ${absent})`}`, function () {
  if (absent !== undefined) return;
  this.timeout(60_000);
  let server: BoltServer | undefined;
  before(async function () {
    this.timeout(300_000);
    server = await startNeo4j();
  });
  after(() => server?.stop());
  contract(() => server?.url ?? '');

  it('says so within seconds when the server dies', async () => {
    const own = server;
    assert.ok(own !== undefined);
    const store = await openBolt({ url: own.url, space });
    await store.put([traceOf(1)]);
    await own.kill();
    server = undefined;
    await assert.rejects(
      store.knn(vectorOf(1, 16), 1, arena),
      (e: Error) => e instanceof MemoryUnavailable && /without this memory/.test(e.message),
    );
    await store.close();
  });
});

const live = process.env['EDGELOOM_MEMGRAPH_URL'];
describe(`the Bolt store on a live server${live === undefined ? ' (left out: EDGELOOM_MEMGRAPH_URL is not set)' : ''}`, function () {
  if (live === undefined) return;
  this.timeout(60_000);
  contract(() => live);
});

describe('the Bolt store', () => {
  const strangers: Record<string, (socket: Socket) => void> = {
    'somebody else answers': (socket) => {
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
      socket.destroySoon();
    },
    'somebody hangs up': (socket) => void socket.destroy(),
    'somebody stays silent': () => undefined,
  };
  for (const [what, answer] of Object.entries(strangers)) {
    it(`says so when ${what}, and when nobody is there`, async () => {
      const sockets: Socket[] = [];
      const other = createServer((socket) => {
        sockets.push(socket.on('error', () => undefined));
        answer(socket);
      });
      await new Promise<void>((ready) => void other.listen(0, '127.0.0.1', () => ready()));
      const { port } = other.address() as AddressInfo;
      const url = `bolt://127.0.0.1:${port}`;
      await assert.rejects(openBolt({ url, space }), MemoryUnavailable);
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((closed) => void other.close(() => closed()));
      await assert.rejects(openBolt({ url, space }), MemoryUnavailable);
    }).timeout(20_000);
  }

  it('speaks the dialect of the server', () => {
    assert.equal(dialectOf('Neo4j/v5.11.0 compatible graph database server - Memgraph').name, 'Memgraph');
    assert.equal(dialectOf('Neo4j/5.26.0').name, 'Neo4j');
    const memgraph = dialectOf('Memgraph');
    assert.match(
      memgraph.createVectorIndex(128),
      /WITH CONFIG \{"dimension": 128, "capacity": \d+, "metric": "cos"\}/,
    );
    assert.match(memgraph.nearest, /vector_search\.search\("edgeloom_traces", \$n, \$vector\)/);
  });
});
