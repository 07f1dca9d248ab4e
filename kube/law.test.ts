import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { hurried } from './clock.ts';
import { Controller } from './controller.ts';
import { FakeApiServer } from './fake-apiserver.ts';
import { POD } from './kinds.ts';
import { keyOf } from './object.ts';
import type { KubeObject } from './object.ts';
import { silentLog } from './log.ts';
import { watchKind } from './watch.ts';

interface Step {
  readonly does: (server: FakeApiServer) => unknown;
  toString(): string;
}

const step = (says: string, does: Step['does']): Step => ({ does, toString: () => says });
const name = fc.constantFrom('a', 'b', 'c', 'd');
const write = fc.oneof(
  fc
    .tuple(name, fc.nat(9))
    .map(([key, n]) =>
      step(`put ${key}=${n}`, (server) =>
        server.put(POD, { metadata: { name: key, namespace: 'x', annotations: { n: String(n) } } }),
      ),
    ),
  name.map((key) => step(`remove ${key}`, (server) => server.remove(POD, `x/${key}`))),
);
const fault = fc.constantFrom(
  step('reset', ({ faults }) => faults.reset()),
  step('silence', ({ faults }) => faults.silence()),
  step('unavailable', ({ faults }) => faults.unavailable(2)),
  step('tooMany', ({ faults }) => faults.tooMany(1, 0)),
  step('close', ({ faults }) => faults.closeWatches()),
  step('expire', ({ faults }) => faults.expire()),
  step('garble', ({ faults }) => faults.garble()),
  step('slow', ({ faults }) => faults.slow(10)),
  step('duplicate', ({ faults }) => (faults.duplicate = true)),
  step('reorder', ({ faults }) => (faults.reorder = true)),
  step('clear', ({ faults }) => faults.clear()),
);
/** A removal that no watch will ever tell of: only a relist can. */
const unseen = name.map((key) =>
  step(`unseen remove ${key}`, (server) => {
    server.faults.reset();
    server.remove(POD, `x/${key}`);
    server.faults.expire();
  }),
);
const rest = fc.constantFrom(0, 1, 5, 20).map((ms) => step(`rest ${ms}`, () => pause(ms)));
const history = fc.array(fc.oneof({ arbitrary: write, weight: 4 }, fault, unseen, rest), {
  minLength: 1,
  maxLength: 25,
});

const versions = (objects: readonly KubeObject[]): string =>
  objects
    .map((object) => `${keyOf(object)}@${object.metadata.resourceVersion}`)
    .sort()
    .join(' ');

async function holds(steps: readonly Step[]): Promise<void> {
  const server = await FakeApiServer.start({ bookmarkMs: 20, historySize: 12 });
  const clock = hurried(400);
  const stop = new AbortController();
  const watched = watchKind(server.transport(), POD, { clock, idleMs: 100, pageSize: 2 });
  const { store } = watched;
  const handled = new Map<string, string | undefined>();
  let calls = 0;
  const reconcile = async (key: string): Promise<void> => {
    const version = store.get(key)?.metadata.resourceVersion;
    await pause(1);
    if (calls++ % 3 === 0) throw new Error('one in three fails');
    handled.set(key, version);
  };
  const controller = new Controller({ name: 'law', reconcile, clock, log: silentLog });
  store.subscribe((key) => controller.queue.add(key));
  const running = [watched.run(stop.signal), controller.run(stop.signal)];
  try {
    await watched.ready();
    const listedMs = store.lastContactMs;
    while (store.lastContactMs === listedMs) await pause(5); // The first bookmark: the watch is open.
    for (const { does } of steps) await does(server);
    server.faults.clear();
    const equal = (): boolean => store.hasSynced && versions(store.list()) === versions(server.objects(POD));
    const done = (): boolean =>
      server.objects(POD).every((pod) => handled.get(keyOf(pod)) === pod.metadata.resourceVersion);
    for (let tries = 0; !(equal() && done()); tries++) {
      assert.ok(
        tries < 800,
        `server ${versions(server.objects(POD))}, store ${versions(store.list())}, ${JSON.stringify([...handled])}`,
      );
      await pause(5);
    }
  } finally {
    stop.abort();
    await Promise.all(running);
    await server.stop();
  }
}

describe('the law of the runtime', () => {
  it('once faults stop, the store equals the server and every live key was handled after its last change', async () => {
    // Side by side: a silent peer costs half a second, and most of a history is waiting.
    const histories = fc.array(history, { minLength: 8, maxLength: 8 });
    const law = fc.asyncProperty(histories, async (all) => {
      await Promise.all(all.map(holds));
    });
    await fc.assert(law, { numRuns: 8, endOnFailure: true });
  });
});
