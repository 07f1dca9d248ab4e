import assert from 'node:assert/strict';
import { request } from 'node:https';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeApiServer } from '#kube/fake-apiserver.ts';
import { LEASE } from '#kube/kinds.ts';
import type { Log } from '#kube/log.ts';
import { givenDag, givenRegion } from '../given.ts';
import { EDGEREGION, SERVICEDAG } from '../kinds.ts';
import { runOperator } from '../main.ts';
import type { Lease } from '../objects.ts';
import { authoritiesIn } from './authorities.ts';
import { SECRET } from './objects.ts';
import type { Secret } from './objects.ts';

interface Response {
  readonly allowed: boolean;
  readonly status?: { readonly message: string };
  readonly warnings?: readonly string[];
}

describe('an operator with the webhook', () => {
  let server: FakeApiServer;
  let stop: AbortController;
  let ended: Promise<void>;
  const ports = new Map<string, number>();

  /** Hears where things listen. */
  const log: Log = {
    debug: () => undefined,
    info: (fields, message) => void ports.set(message, (fields as { port?: number }).port ?? 0),
    warn: () => undefined,
    error: () => undefined,
    child: () => log,
  };

  beforeEach(async () => {
    ports.clear();
    server = await FakeApiServer.start();
    server.put(EDGEREGION, givenRegion('north'));
    // Another replica leads, and goes on leading.
    const spec = {
      holderIdentity: 'other',
      leaseDurationSeconds: 15,
      renewTime: '2026-01-01T00:00:00.000000Z',
    };
    server.put<Lease>(LEASE, { metadata: { name: 'edgeloom-operator', namespace: 'edgeloom-system' }, spec });
    stop = new AbortController();
    ended = runOperator({
      transport: server.transport(),
      plannerUrl: 'http://127.0.0.1:1',
      identity: 'one',
      port: 0,
      webhook: { port: 0, host: '127.0.0.1' },
      log,
      signal: stop.signal,
    });
    await until(async () => (await health('/readyz')) === 'ok\n');
  });
  afterEach(async () => {
    stop.abort();
    await ended;
    await server.stop();
  });

  async function until(holds: () => Promise<boolean>): Promise<void> {
    const endMs = performance.now() + 5_000;
    while (!(await holds())) {
      if (performance.now() > endMs) assert.fail(`not in time: ${await health('/readyz')}`);
      await sleep(10);
    }
  }

  const health = async (path: string): Promise<string> => {
    const port = ports.get('operator listens');
    return port === undefined ? 'nothing listens' : (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  };

  /** What the webhook says of a DAG, asked by somebody who trusts the stored authority. */
  async function asked(object: object): Promise<Response> {
    const ca = authoritiesIn(server.objects<Secret>(SECRET)[0]?.data)?.current.certificate;
    const port = ports.get('the webhook listens');
    const body = JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: { uid: 'u', kind: { group: 'edgeloom.dev', kind: 'ServiceDAG' }, operation: 'CREATE', object },
    });
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const headers = { 'content-type': 'application/json', connection: 'close' };
    request(
      { host: '127.0.0.1', port, path: '/validate', method: 'POST', ca, headers, agent: false },
      (answer) => void json(answer).then(resolve, reject),
    )
      .on('error', reject)
      .end(body);
    return ((await promise) as { response: Response }).response;
  }

  it('answers while another replica leads, and acts on nothing', async () => {
    const { metadata, spec } = givenDag();
    const looped = { ...spec, edges: [...spec.edges, { from: 'back', to: 'front' }] };
    const dag = { apiVersion: 'edgeloom.dev/v1alpha1', kind: 'ServiceDAG', metadata };
    const { allowed, status } = await asked({ ...dag, spec: looped });
    assert.equal(allowed, false);
    assert.match(status?.message ?? '', /cycle front → back → front; remove one of these calls/);
    server.put(SERVICEDAG, givenDag());
    const [entry] = spec.ingress;
    const elsewhere = await asked({ ...dag, spec: { ...spec, ingress: [{ ...entry, region: 'nroth' }] } });
    assert.deepEqual(elsewhere, {
      uid: 'u',
      allowed: true,
      warnings: ['spec.ingress[0].region: no EdgeRegion "nroth"; did you mean north?'],
    });
    assert.deepEqual(
      server.writes.filter(({ path }) => !/secrets|webhookconfigurations/.test(path)),
      [],
    );
  });

  it('counts its answers and says how long its certificate holds', async () => {
    await asked({ ...givenDag(), kind: 'ServiceDAG' });
    const text = await health('/metrics');
    assert.match(text, /edgeloom_webhook_reviews_total\{verdict="\w+"\} 1/);
    const expiry = Number(/_expiry_timestamp_seconds (\d\S*)$/m.exec(text)?.[1]);
    assert.ok(expiry * 1_000 > Date.now() + 29 * 86_400_000);
  });
});
