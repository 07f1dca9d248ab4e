import assert from 'node:assert/strict';
import { EventRecorder, type EventRecorderOptions } from './events.ts';
import { FakeApiServer } from './fake-apiserver.ts';
import { EVENT } from './kinds.ts';
import { ManualClock } from './manual-clock.ts';
import type { KubeObject } from './object.ts';

interface Written extends KubeObject {
  note: string;
  eventTime: string;
  regarding: { namespace?: string; name: string; uid: string };
}

const pod = (name = 'web', namespace: string | undefined = 'shop'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, uid: `uid-${name}`, ...(namespace === '' ? {} : { namespace }) },
});
const placed = { type: 'Normal', reason: 'Placed', message: 'on edge-1', action: 'Place' } as const;

describe('EventRecorder', () => {
  let server: FakeApiServer;
  let clock: ManualClock;

  beforeEach(async () => {
    server = await FakeApiServer.start();
    clock = new ManualClock();
  });
  afterEach(() => server.stop());

  const recorder = (over: Partial<EventRecorderOptions> = {}): EventRecorder =>
    new EventRecorder({
      transport: server.transport(),
      component: 'test',
      instance: 'test-0',
      clock,
      ...over,
    });
  const written = (): Written[] => server.objects(EVENT) as Written[];

  it('writes an event beside its object, in the words given', async () => {
    const events = recorder();
    events.record(pod(), placed);
    await events.flush();
    const [event] = written();
    assert.equal(event?.metadata.namespace, 'shop');
    assert.match(event.metadata.name, /^web\.[0-9a-f]{16}$/);
    assert.match(event.eventTime, /\.\d{6}Z$/);
    assert.equal(event.note, 'on edge-1');
    assert.equal(event.regarding.uid, 'uid-web');
  });

  it('puts events about cluster-scoped objects into default', async () => {
    const events = recorder();
    events.record(pod('node-1', ''), placed);
    await events.flush();
    assert.equal(written()[0]?.metadata.namespace, 'default');
  });

  it('makes one event of repeats within the window', async () => {
    const events = recorder();
    events.record(pod(), placed);
    await clock.advance(119_000);
    events.record(pod(), placed);
    events.record(pod(), { ...placed, message: 'on edge-2' });
    events.record(pod('other'), placed);
    await events.flush();
    assert.equal(written().length, 3);
    await clock.advance(1_000);
    events.record(pod(), placed);
    await events.flush();
    assert.equal(written().length, 4);
  });

  it('drops what is beyond its rate, and earns it back', async () => {
    const events = recorder({ perMinute: 2 });
    for (const name of ['a', 'b', 'c']) events.record(pod(name), placed);
    await clock.advance(30_000);
    for (const name of ['d', 'e']) events.record(pod(name), placed);
    await events.flush();
    assert.deepEqual(
      written()
        .map(({ regarding }) => regarding.name)
        .toSorted(),
      ['a', 'b', 'd'],
    );
  });

  it('cuts a note to 1024 bytes without cutting a character', async () => {
    const events = recorder();
    events.record(pod(), { ...placed, message: 'é'.repeat(1_000) });
    await events.flush();
    const note = written()[0]?.note ?? '';
    assert.ok(Buffer.byteLength(note) <= 1024);
    assert.match(note, /^é+…$/);
  });

  it('never throws, not even without a server', async () => {
    const events = recorder();
    await server.stop();
    events.record(pod(), placed);
    await events.flush();
  });
});
