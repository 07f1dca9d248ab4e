import assert from 'node:assert/strict';
import { KubeConfig } from '@kubernetes/client-node';
import { ApiError, isConflict, isNotFound } from './api-error.ts';
import { FakeApiServer } from './fake-apiserver.ts';
import { DEPLOYMENT, NODE, POD, pathOf } from './kinds.ts';
import type { KubeObject } from './object.ts';
import { Transport } from './transport.ts';

const pod = (name: string, labels = {}): KubeObject => ({ metadata: { name, namespace: 'x', labels } });
const refused = (code: number, reason: string) => (error: unknown) => {
  assert.ok(error instanceof ApiError, String(error));
  assert.deepEqual([error.code, error.reason], [code, reason], error.message);
  return true;
};

describe('the transport', () => {
  let server: FakeApiServer;
  let transport: Transport;
  beforeEach(async () => {
    server = await FakeApiServer.start();
    transport = server.transport({ deadlineMs: 3_000 });
  });
  afterEach(() => server.stop());

  it('makes, reads, lists and deletes', async () => {
    await transport.create(POD, pod('a'));
    assert.equal((await transport.get(POD, 'a', 'x')).kind, 'Pod');
    assert.equal((await transport.list(POD, { namespace: 'y' })).items.length, 0);
    assert.equal((await transport.list(POD)).items[0]?.apiVersion, 'v1');
    await transport.delete(POD, 'a', 'x');
    await assert.rejects(transport.get(POD, 'a', 'x'), isNotFound);
    await assert.rejects(
      transport.create(POD, pod('b')).then(() => transport.create(POD, pod('b'))),
      isConflict,
    );
  });

  it('pages a list that shows one version', async () => {
    for (const name of ['a', 'b', 'c']) server.put(POD, pod(name));
    const first = await transport.list(POD, { limit: 2 });
    server.put(POD, pod('d'));
    const second = await transport.list(POD, { limit: 2, continue: first.continue });
    assert.deepEqual([first.items.length, second.items.length, second.continue], [2, 1, undefined]);
    assert.equal(second.resourceVersion, first.resourceVersion);
  });

  it('names verb, path and message in an error', async () => {
    const want = /GET \/api\/v1\/namespaces\/x\/pods\/a: .* not found \(404 NotFound\)/;
    await assert.rejects(transport.get(POD, 'a', 'x'), want);
    await assert.rejects(transport.get(POD, 'a'), /Pod "a" needs a namespace/);
  });

  it('waits as Retry-After says: a read through 503, any write through 429', async () => {
    server.faults.unavailable(2, 0);
    assert.equal((await transport.list(POD)).items.length, 0);
    server.faults.tooMany(2, 0);
    await transport.create(POD, pod('a'));
    server.faults.unavailable(1, 0);
    await assert.rejects(transport.create(POD, pod('b')), refused(503, 'ServiceUnavailable'));
    server.faults.unavailable(1);
    await assert.rejects(transport.list(POD), refused(503, 'ServiceUnavailable'));
  });

  it('does not wait past its deadline', async () => {
    server.faults.tooMany(9, 60);
    await assert.rejects(transport.list(POD), refused(429, 'TooManyRequests'));
    server.faults.clear();
    server.faults.slow(500);
    await assert.rejects(transport.list(POD, { deadlineMs: 40 }), refused(0, 'Timeout'));
  });

  it('says so when nobody answers, and gives a caller back its own reason', async () => {
    const nobody = new Transport({ server: 'http://127.0.0.1:1' });
    await assert.rejects(nobody.list(POD), refused(0, 'ConnectionFailed'));
    await nobody.close();
    const stop = new AbortController();
    server.faults.slow(500);
    const call = transport.list(POD, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await assert.rejects(call, /^Error: enough$/);
  });

  it('throws on a garbled watch, and on a silent one', async () => {
    const read = async (idleMs: number): Promise<void> => {
      for await (const _ of transport.watch(POD, { resourceVersion: '1', idleMs })) server.faults.garble();
    };
    await assert.rejects(read(5_000), refused(0, 'BadFrame'));
    server.faults.silence();
    await assert.rejects(read(150), refused(0, 'Timeout'));
  });

  it('sends the token of the moment, and reports every answer', async () => {
    const seen: [string, number][] = [];
    let asked = 0;
    const token = (): Promise<string> => Promise.resolve(`t${asked++}`);
    const other = server.transport({ token, onRequest: (verb, code) => void seen.push([verb, code]) });
    await other.list(POD);
    await assert.rejects(other.get(NODE, 'n'), isNotFound);
    assert.equal(asked, 2);
    assert.deepEqual(seen, [
      ['GET', 200],
      ['GET', 404],
    ]);
  });

  it('reads a kubeconfig', async () => {
    const kc = new KubeConfig();
    const user = { name: 'u', token: 'secret' };
    kc.loadFromClusterAndUser({ name: 'c', server: server.url, skipTLSVerify: true }, user);
    const other = await Transport.fromKubeConfig(kc);
    assert.equal((await other.list(POD)).items.length, 0);
    await other.close();
  });

  it('forms the paths of both groups', () => {
    assert.equal(pathOf(NODE, undefined, 'n', 'status'), '/api/v1/nodes/n/status');
    assert.equal(pathOf(DEPLOYMENT, 'x', 'd'), '/apis/apps/v1/namespaces/x/deployments/d');
    assert.equal(pathOf(DEPLOYMENT), '/apis/apps/v1/deployments');
  });
});
