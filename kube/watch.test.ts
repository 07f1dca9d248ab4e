import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { Backoff } from './backoff.ts';
import { hurried } from './clock.ts';
import type { Clock } from './clock.ts';
import { FakeApiServer } from './fake-apiserver.ts';
import type { FakeFaults } from './fake-faults.ts';
import { POD } from './kinds.ts';
import { keyOf } from './object.ts';
import type { KubeObject } from './object.ts';
import { watchKind } from './watch.ts';
import type { Watched, WatchOptions } from './watch.ts';

const pod = (name: string): KubeObject => ({ metadata: { name, namespace: 'x' } });

async function eventually(check: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !check(); tries++) {
    assert.ok(tries < 600, `never: ${what}`);
    await pause(5);
  }
}

describe('watchKind', () => {
  let server: FakeApiServer;
  let stop: AbortController;
  let running: Promise<void>;
  let reasons: string[];

  beforeEach(async () => {
    server = await FakeApiServer.start({ bookmarkMs: 30 });
    stop = new AbortController();
    reasons = [];
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await server.stop();
  });

  const watch = (options: WatchOptions = {}): Watched<KubeObject> => {
    const given = {
      clock: hurried(200),
      idleMs: 200,
      onRestart: (reason: string) => void reasons.push(reason),
    };
    const watched = watchKind(server.transport(), POD, { ...given, ...options });
    running = watched.run(stop.signal);
    return watched;
  };

  it('is ready after every page, and follows what changes', async () => {
    for (let i = 0; i < 7; i++) server.put(POD, pod(`p${i}`));
    const watched = watch({ pageSize: 3 });
    const { store } = watched;
    await watched.ready(2_000);
    assert.equal(store.size, 7);
    server.remove(POD, 'x/p0');
    server.put(POD, pod('late'));
    await eventually(() => store.get('x/late') !== undefined, 'the late pod');
    assert.equal(store.get('x/p0'), undefined);
  });

  it('says which kind is not ready', async () => {
    server.faults.unavailable(1_000);
    await assert.rejects(watch().ready(50), /Pod: no full list within 50 ms/);
  });

  const cases: Record<string, { fault: (faults: FakeFaults) => void; reason: string }> = {
    'a reset': { fault: (faults) => faults.reset(), reason: 'ConnectionFailed' },
    'a silent peer': { fault: (faults) => [faults.silence(), faults.clear()], reason: 'Timeout' },
    'the end of the stream': { fault: (faults) => faults.closeWatches(), reason: 'Ended' },
    'a forgotten version': { fault: (faults) => faults.expire(), reason: 'Expired' },
    'a garbled line': { fault: (faults) => faults.garble(), reason: 'BadFrame' },
    'a server away for a while': {
      fault: (faults) => [faults.reset(), faults.unavailable(6)],
      reason: 'ServiceUnavailable',
    },
  };
  for (const [name, { fault, reason }] of Object.entries(cases)) {
    it(`comes through ${name}`, async () => {
      server.put(POD, pod('old'));
      const watched = watch();
      const { store } = watched;
      await watched.ready(2_000);
      // The first bookmark shows that the watch is open.
      const listedMs = store.lastContactMs;
      await eventually(() => store.lastContactMs > listedMs, 'a bookmark');
      fault(server.faults);
      server.remove(POD, 'x/old');
      server.put(POD, pod('new'));
      await eventually(() => store.list().map(keyOf).join() === 'x/new', 'only the new pod');
      assert.ok(reasons.includes(reason), reasons.join());
    });
  }

  it('is fresh while a watch is open, however quiet, and grows stale while the server is away', async () => {
    const watched = watch();
    const { store } = watched;
    await watched.ready(2_000);
    await eventually(() => store.watching, 'an open watch');
    assert.equal(store.staleMs(store.lastContactMs + 60_000), 0);
    server.faults.unavailable(1_000);
    server.faults.reset();
    await eventually(() => !store.watching, 'a closed watch');
    assert.equal(store.staleMs(store.lastContactMs + 60_000), 60_000);
  });

  it('lists anew when order is broken', async () => {
    const watched = watch();
    const { store } = watched;
    await watched.ready(2_000);
    const listedMs = store.lastContactMs;
    await eventually(() => store.lastContactMs > listedMs, 'a bookmark');
    server.faults.reorder = true;
    server.put(POD, pod('a'));
    server.remove(POD, 'x/a');
    await eventually(() => reasons.includes('OutOfOrder'), 'a relist');
    await eventually(() => store.size === 0, 'an empty store');
  });
});

describe('the backoff', () => {
  let nowMs: number;
  const clock: Clock = { now: () => nowMs, sleep: () => Promise.resolve(), random: () => 1 };
  beforeEach(() => (nowMs = 0));

  it('doubles to thirty seconds', () => {
    const backoff = new Backoff(clock);
    const waits = Array.from({ length: 8 }, () => backoff.nextMs());
    assert.deepEqual(waits, [800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
  });

  it('starts over after two minutes of health, and not before', () => {
    const backoff = new Backoff(clock);
    backoff.nextMs();
    nowMs += 100_000;
    assert.equal(backoff.nextMs(), 1_600);
    nowMs += 1_600 + 120_001;
    assert.equal(backoff.nextMs(), 800);
  });
});
