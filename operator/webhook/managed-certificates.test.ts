import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeApiServer } from '#kube/fake-apiserver.ts';
import { silentLog } from '#kube/log.ts';
import { runParts } from '#kube/main.ts';
import type { Pair } from '#kube/pki/certificates.ts';
import { authoritiesIn, LIVES } from './authorities.ts';
import type { Lives } from './authorities.ts';
import { ManagedCertificates } from './managed-certificates.ts';
import { AUTHORITY_SECRET, REGISTRATIONS, SECRET, WEBHOOK_NAME } from './objects.ts';
import type { Registration, Secret } from './objects.ts';

const NAMESPACE = 'edgeloom-system';
const SHORT: Lives = { authorityMs: 3_000, servingMs: 2_000, overlapMs: 200 };

describe('certificates that the webhook makes', () => {
  let server: FakeApiServer;
  const stops: { stop: AbortController; ended: Promise<unknown> }[] = [];

  beforeEach(async () => {
    server = await FakeApiServer.start();
    for (const kind of REGISTRATIONS) register(kind);
  });
  afterEach(async () => {
    for (const { stop } of stops) stop.abort();
    await Promise.all(stops.splice(0).map(({ ended }) => ended));
    await server.stop();
  });

  function register(kind: (typeof REGISTRATIONS)[number]): void {
    const webhooks = ['a.edgeloom.dev', 'b.edgeloom.dev'].map((name) => ({ name, clientConfig: {} }));
    server.put<Registration>(kind, { metadata: { name: WEBHOOK_NAME }, webhooks });
  }

  interface Replica {
    readonly certificates: ManagedCertificates;
    readonly shown: Pair[];
    kill(): Promise<unknown>;
  }

  function replica(lives: Lives = LIVES): Replica {
    const shown: Pair[] = [];
    const certificates = new ManagedCertificates({
      transport: server.transport(),
      namespace: NAMESPACE,
      lives,
      log: silentLog,
      nowMs: () => Date.now(),
      serve: (pair) => shown.push(pair),
      onRestart: () => undefined,
    });
    const stop = new AbortController();
    const entry = { stop, ended: runParts(stop.signal, certificates.parts()) };
    stops.push(entry);
    return {
      certificates,
      shown,
      kill: () => {
        stop.abort();
        return entry.ended;
      },
    };
  }

  const secret = (): Secret | undefined =>
    server.objects<Secret>(SECRET).find(({ metadata }) => metadata.name === AUTHORITY_SECRET);

  /** The bundles of all registered webhooks, as PEM. */
  const bundles = (): string[] =>
    REGISTRATIONS.flatMap((kind) => server.objects<Registration>(kind))
      .flatMap(({ webhooks = [] }) => webhooks)
      .map(({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString());

  /** Whether every registration trusts what a replica shows. */
  function isTrusted({ shown }: Replica): boolean {
    const last = shown.at(-1);
    if (last === undefined) return false;
    const leaf = new X509Certificate(last.certificate);
    return bundles().every((bundle) =>
      (bundle.match(/-----BEGIN[^-]+-----[^-]+-----END CERTIFICATE-----/g) ?? []).some((pem) =>
        leaf.verify(new X509Certificate(pem).publicKey),
      ),
    );
  }

  async function eventually(what: string, holds: () => boolean): Promise<void> {
    const endMs = performance.now() + 8_000;
    while (!holds()) {
      if (performance.now() > endMs) assert.fail(`not in time: ${what}`);
      await sleep(5);
    }
  }

  it('are made from nothing, registered everywhere, and good for the Service and the loopback address', async () => {
    const one = replica();
    await eventually('it is trusted', () => isTrusted(one));
    assert.equal(bundles().length, 4);
    assert.equal(one.certificates.doubt(), undefined);
    const read = new X509Certificate(one.shown[0]?.certificate ?? '');
    assert.match(
      read.subjectAltName ?? '',
      /DNS:edgeloom-webhook\.edgeloom-system\.svc, .*IP Address:127\.0\.0\.1/,
    );
  });

  it('of replicas that start at once come from one authority', async () => {
    const replicas = Array.from({ length: 5 }, () => replica());
    await eventually('all are trusted', () => replicas.every(isTrusted));
    assert.equal(new Set(bundles()).size, 1);
    assert.equal(bundles()[0], authoritiesIn(secret()?.data)?.current.certificate);
  });

  it('cost no write when all is well', async () => {
    const [one, two] = [replica(), replica()];
    await eventually('both are trusted', () => isTrusted(one) && isTrusted(two));
    await sleep(100);
    const before = server.writes.length;
    // A third comes, and somebody touches what they read.
    const three = replica();
    server.put<Secret>(SECRET, {
      ...secret()!,
      metadata: { ...secret()!.metadata, annotations: { a: 'b' } },
    });
    await eventually('the third is trusted', () => isTrusted(three));
    await sleep(300);
    assert.equal(server.writes.length, before);
  });

  it('come again from the same authority after a crash', async () => {
    const one = replica();
    await eventually('it is trusted', () => isTrusted(one));
    const [before] = bundles();
    await one.kill();
    const two = replica();
    await eventually('it is trusted', () => isTrusted(two));
    assert.equal(bundles()[0], before);
  });

  it('are trusted again when somebody empties a registration, deletes the Secret or writes nonsense into it', async () => {
    const one = replica();
    await eventually('it is trusted', () => isTrusted(one));
    const [validating] = REGISTRATIONS;
    assert.ok(validating);
    register(validating);
    await eventually(
      'the registration is mended',
      () => isTrusted(one) && bundles().every((text) => text !== ''),
    );
    const [first] = bundles();
    server.remove(SECRET, `${NAMESPACE}/${AUTHORITY_SECRET}`);
    await eventually('there is another authority', () => isTrusted(one) && bundles()[0] !== first);
    const [second] = bundles();
    server.put<Secret>(SECRET, { ...secret()!, data: { 'ca.crt': 'bm9uc2Vuc2U=', 'ca.key': '' } });
    await eventually('and another', () => isTrusted(one) && bundles()[0] !== second);
  });

  it('are made where a crash left the Secret empty', async () => {
    server.put<Secret>(SECRET, {
      metadata: { name: AUTHORITY_SECRET, namespace: NAMESPACE },
      type: 'Opaque',
    });
    const one = replica();
    await eventually('it is trusted', () => isTrusted(one));
    assert.notEqual(authoritiesIn(secret()?.data), undefined);
  });

  it('are made although nothing is registered yet, and registered when something is', async () => {
    for (const kind of REGISTRATIONS) server.remove(kind, WEBHOOK_NAME);
    const one = replica();
    await eventually('there is a pair', () => one.shown.length === 1);
    for (const kind of REGISTRATIONS) register(kind);
    await eventually('it is trusted', () => isTrusted(one));
    assert.equal(one.shown.length, 1);
  });

  it('say why there are none, and come when that is mended', async () => {
    server.faults.refuse(1_000, 403, 'Forbidden');
    const one = replica();
    await eventually('the reason is said', () =>
      /has no certificate: .*Forbidden/.test(one.certificates.doubt() ?? ''),
    );
    server.faults.reset();
    server.faults.clear();
    await eventually('it is trusted', () => isTrusted(one));
    assert.equal(one.certificates.doubt(), undefined);
  });

  it('are trusted at every moment while two replicas renew them', async function () {
    this.timeout(20_000);
    const replicas = [replica(SHORT), replica(SHORT)];
    await eventually('both are trusted', () => replicas.every(isTrusted));
    const authorities = new Set(bundles());
    await eventually('three authorities came and went', () => {
      assert.ok(replicas.every(isTrusted), 'what is shown is trusted');
      authorities.add(authoritiesIn(secret()?.data)?.current.certificate ?? '');
      return authorities.size >= 3;
    });
  });
});
