import assert from 'node:assert/strict';
import { ApiError, isNotFound } from './api-error.ts';
import { FakeApiServer } from './fake-apiserver.ts';
import type { Kind } from './kinds.ts';
import { POD } from './kinds.ts';
import type { KubeObject } from './object.ts';
import type { Transport } from './transport.ts';

const THING: Kind = { group: 'test.dev', version: 'v1', plural: 'things', kind: 'Thing', namespaced: true };
interface Thing extends KubeObject {
  readonly spec?: Record<string, unknown>;
  readonly status?: Record<string, unknown>;
}
const thing = (over: Partial<Thing> = {}): Thing => ({ metadata: { name: 'a', namespace: 'x' }, ...over });
const code = (want: number) => (error: unknown) => error instanceof ApiError && error.code === want;

describe('the fake API server', () => {
  let server: FakeApiServer;
  let transport: Transport;
  beforeEach(async () => {
    server = await FakeApiServer.start();
    transport = server.transport();
  });
  afterEach(() => server.stop());

  const apply = (fieldManager: string, over: Partial<Thing>, subresource?: string): Promise<Thing> =>
    transport.apply<Thing>(THING, thing(over), { fieldManager, subresource });

  it('leaves the version alone when nothing changes', async () => {
    const first = await apply('m', { spec: { n: 1 } });
    const again = await apply('m', { spec: { n: 1 } });
    assert.equal(again.metadata.resourceVersion, first.metadata.resourceVersion);
  });

  it('moves generation for spec only, and keeps status and spec apart', async () => {
    await apply('m', { spec: { n: 1 }, status: { n: 9 } });
    const status = await apply('m', { spec: { n: 5 }, status: { n: 2 } }, 'status');
    assert.deepEqual([status.spec, status.status, status.metadata.generation], [{ n: 1 }, { n: 2 }, 1]);
    const spec = await transport.update<Thing>(THING, { ...status, spec: { n: 3 }, status: { n: 7 } });
    assert.deepEqual([spec.spec, spec.status, spec.metadata.generation], [{ n: 3 }, { n: 2 }, 2]);
  });

  it('gives each manager its own fields and conditions, and takes back what it no longer applies', async () => {
    await apply('m', { spec: {} });
    const ready = { type: 'Ready', status: 'True' };
    const other = { type: 'Other', status: 'False' };
    await apply('m', { status: { conditions: [ready], a: 1 } }, 'status');
    await apply('n', { status: { conditions: [other] } }, 'status');
    const after = await apply('m', { status: { conditions: [ready] } }, 'status');
    assert.deepEqual(after.status, { conditions: [ready, other] });
  });

  it('refuses a contested field without force, and a stale version always', async () => {
    const first = await apply('m', { spec: { n: 1 } });
    const body = thing({ spec: { n: 2 } });
    await assert.rejects(transport.apply(THING, body, { fieldManager: 'n', force: false }), code(409));
    await apply('n', { spec: { n: 2 } });
    await assert.rejects(transport.update(THING, first), code(409));
    const stale = { metadata: { resourceVersion: first.metadata.resourceVersion } };
    await assert.rejects(transport.patchMerge(THING, 'a', 'x', stale), code(409));
  });

  it('patches with tests, and refuses when one fails', async () => {
    server.put(THING, thing({ spec: { n: 1 } }));
    const patch = (value: number): Promise<Thing> =>
      transport.patchJson<Thing>(THING, 'a', 'x', [
        { op: 'test', path: '/spec/n', value },
        { op: 'replace', path: '/spec/n', value: 2 },
      ]);
    assert.deepEqual((await patch(1)).spec, { n: 2 });
    await assert.rejects(patch(1), code(422));
    assert.deepEqual((await transport.patchMerge<Thing>(THING, 'a', 'x', { spec: { n: null, m: 1 } })).spec, {
      m: 1,
    });
  });

  it('lets finalizers hold an object until the last is removed', async () => {
    server.put(THING, { metadata: { name: 'a', namespace: 'x', finalizers: ['f'] } });
    await transport.delete(THING, 'a', 'x');
    assert.notEqual((await transport.get(THING, 'a', 'x')).metadata.deletionTimestamp, undefined);
    await transport.patchMerge(THING, 'a', 'x', { metadata: { finalizers: null } });
    await assert.rejects(transport.get(THING, 'a', 'x'), isNotFound);
  });

  it('holds a delete to its preconditions', async () => {
    const { metadata } = server.put<Thing>(THING, thing());
    await assert.rejects(transport.delete(THING, 'a', 'x', { preconditions: { uid: 'other' } }), code(409));
    await transport.delete(THING, 'a', 'x', { preconditions: { uid: metadata.uid } });
    assert.equal(server.objects(THING).length, 0);
  });

  it('selects by labels and fields', async () => {
    server.put(POD, {
      metadata: { name: 'a', labels: { app: 'web', tier: '1' } },
      spec: { nodeName: 'n' },
    } as KubeObject);
    server.put(POD, { metadata: { name: 'b', labels: { app: 'db' } } });
    const names = async (labelSelector?: string, fieldSelector?: string): Promise<string> =>
      (await transport.list(POD, { labelSelector, fieldSelector })).items
        .map((o) => o.metadata.name)
        .join('');
    assert.equal(await names('app=web'), 'a');
    assert.equal(await names('app in (web, db),tier'), 'a');
    assert.equal(await names('app!=web'), 'b');
    assert.equal(await names('!tier'), 'b');
    assert.equal(await names(undefined, 'spec.nodeName=n'), 'a');
    assert.equal(await names(undefined, 'metadata.name=b'), 'b');
  });

  it('shows an object that leaves the selection as deleted', async () => {
    const { metadata } = server.put<KubeObject>(POD, { metadata: { name: 'a', labels: { app: 'web' } } });
    const version = metadata.resourceVersion ?? '';
    server.put(POD, { metadata: { name: 'a', labels: { app: 'db' } } });
    const options = { resourceVersion: version, labelSelector: 'app=web' };
    for await (const { type } of transport.watch(POD, options)) {
      assert.equal(type, 'DELETED');
      break;
    }
  });

  it('sends bookmarks, and 410 for a version it has forgotten', async () => {
    for await (const { type, object } of transport.watch(POD, { resourceVersion: '1' })) {
      if (type === 'BOOKMARK') server.faults.expire();
      else assert.deepEqual([type, (object as { code?: number }).code], ['ERROR', 410]);
    }
    for await (const { type } of transport.watch(POD, { resourceVersion: '1' })) assert.equal(type, 'ERROR');
  });

  it('remembers what clients wrote, not what it was told to hold', async () => {
    server.put(THING, thing());
    await transport.delete(THING, 'a', 'x');
    await assert.rejects(transport.delete(THING, 'a', 'x'), isNotFound);
    assert.deepEqual(
      server.writes.map(({ verb, path }) => [verb, path]),
      [['delete', '/apis/test.dev/v1/namespaces/x/things/a']],
    );
  });
});
