import assert from 'node:assert/strict';
import { FakeApiServer } from './fake-apiserver.ts';
import { ensureFinalizer, removeFinalizer } from './finalizer.ts';
import { SERVICE } from './kinds.ts';
import type { KubeObject } from './object.ts';
import type { Transport } from './transport.ts';

const MINE = 'test.dev/mine';
const OTHER = 'test.dev/other';

describe('finalizers', () => {
  let server: FakeApiServer;
  let transport: Transport;

  beforeEach(async () => {
    server = await FakeApiServer.start();
    transport = server.transport();
  });
  afterEach(() => server.stop());

  const create = (finalizers: string[]): Promise<KubeObject> => {
    const metadata = { name: 'web', namespace: 'default', finalizers };
    return transport.create<KubeObject>(SERVICE, { apiVersion: 'v1', kind: 'Service', metadata });
  };
  const now = (): Promise<KubeObject> => transport.get<KubeObject>(SERVICE, 'web', 'default');

  it('are added beside those of others, once', async () => {
    const object = await create([OTHER]);
    const first = await ensureFinalizer(transport, SERVICE, object, MINE);
    assert.deepEqual(first.metadata.finalizers, [OTHER, MINE]);
    const second = await ensureFinalizer(transport, SERVICE, first, MINE);
    assert.equal(second, first);
    assert.deepEqual((await now()).metadata.finalizers, [OTHER, MINE]);
  });

  it('are not added to an object that somebody changed meanwhile', async () => {
    const stale = await create([]);
    await ensureFinalizer(transport, SERVICE, stale, OTHER);
    await assert.rejects(ensureFinalizer(transport, SERVICE, stale, MINE), { code: 409 });
    assert.deepEqual((await now()).metadata.finalizers, [OTHER]);
  });

  it('are not added to an object on its way out', async () => {
    const object = await create([OTHER]);
    const dying = { ...object, metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    assert.equal(await ensureFinalizer(transport, SERVICE, dying, MINE), dying);
  });

  it('let a deleted object go when the last is removed', async () => {
    const object = await create([MINE]);
    await transport.delete(SERVICE, 'web', 'default');
    await removeFinalizer(transport, SERVICE, await now(), MINE);
    await assert.rejects(now(), { code: 404 });
    await removeFinalizer(transport, SERVICE, object, MINE); // gone: normal
  });

  it('never remove those of others, not even by an old copy', async () => {
    const stale = await create([MINE]);
    await ensureFinalizer(transport, SERVICE, stale, OTHER);
    await removeFinalizer(transport, SERVICE, stale, MINE); // conflict: the watch brings it back
    assert.deepEqual((await now()).metadata.finalizers, [MINE, OTHER]);
    await removeFinalizer(transport, SERVICE, await now(), MINE);
    assert.deepEqual((await now()).metadata.finalizers, [OTHER]);
  });
});
