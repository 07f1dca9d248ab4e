import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { credentials, makeGenericClientConstructor, Server, ServerCredentials } from '@grpc/grpc-js';
import { createAuthority, issue } from '#kube/pki/certificates.ts';
import { reservePort } from '#hack/control-plane/ports.ts';
import { ProcessGroup } from '#hack/control-plane/processes.ts';
import { ensureDataPlane, envoyObstacle } from '#hack/data-plane/binaries.ts';
import { EchoServers } from '#hack/data-plane/echo.ts';
import { bytes, ECHO } from '#hack/data-plane/echo-service.ts';
import { chiSquare, load } from '#hack/data-plane/load.ts';
import { until } from '#hack/demo/observe.ts';
import { aggregatedDiscovery } from '#operator/xds/protocol.ts';
import { ENVOY, resourcesOf } from '#operator/xds/resources.ts';
import type { XdsEdge } from '#operator/xds/resources.ts';
import { XdsServer } from '#operator/xds/server.ts';
import { TYPES } from '#operator/xds/types.ts';

const BOOTSTRAP = join(import.meta.dirname, '../hack/data-plane/node-envoy.yaml');
/** Exceeded by chance once in a million runs, with 2 degrees of freedom. */
const NEVER = 27.6;
const GROUPS = ['near', 'mid', 'far'] as const;

const edgeOf = (
  protocol: XdsEdge['protocol'],
  weights: Readonly<Record<string, number>>,
  ports: Readonly<Record<string, number>>,
): XdsEdge => ({
  id: 'default/front',
  names: ['front.default.svc', 'front.default.svc:80'],
  protocol,
  weights: new Map(Object.entries(weights)),
  endpoints: new Map(
    Object.entries(ports).map(([group, port]) => [group, [{ address: '127.0.0.1', port }]] as const),
  ),
});

describe('the discovery server and stock clients', () => {
  const authority = createAuthority('story');
  const folder = mkdtempSync(join(tmpdir(), 'edgeloom-xds-'));
  const servers: XdsServer[] = [];
  const closes: (() => unknown)[] = [];

  const discovery = async (tls: boolean): Promise<XdsServer> => {
    const pair = issue(authority, {
      commonName: 'edgeloom-operator',
      hosts: ['edgeloom-operator', 'localhost', '127.0.0.1'],
    });
    const own = {
      ca: Buffer.from(authority.certificate),
      cert: Buffer.from(pair.certificate),
      key: Buffer.from(pair.key),
    };
    const server = await XdsServer.start({
      port: 0,
      host: '127.0.0.1',
      changed: () => undefined,
      ...(tls ? { tls: own } : {}),
    });
    servers.push(server);
    return server;
  };
  after(async () => {
    for (const close of closes) await close();
    for (const server of servers) server.stop();
    rmSync(folder, { recursive: true });
  });

  it('splits the calls of a proxyless gRPC client as wanted, sends none to weight 0, and shifts in milliseconds', async () => {
    const ports: Record<string, number> = {};
    for (const group of GROUPS) {
      const echo = new Server();
      echo.addService(ECHO, {
        say: (_call: unknown, done: (e: null, v: Buffer) => void) => done(null, Buffer.from(group)),
      });
      ports[group] = await new Promise<number>((resolve, reject) => {
        echo.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
          error === null ? resolve(port) : reject(error),
        );
      });
      closes.push(() => echo.forceShutdown());
    }
    const server = await discovery(false);
    const offer = (near: number, mid: number, far: number): void =>
      server.offer(() => resourcesOf([edgeOf('GRPC', { near, mid, far }, ports)]));
    offer(7_000, 2_000, 1_000);
    process.env['GRPC_XDS_BOOTSTRAP_CONFIG'] = JSON.stringify({
      xds_servers: [
        {
          server_uri: `127.0.0.1:${server.port}`,
          channel_creds: [{ type: 'insecure' }],
          server_features: ['xds_v3'],
        },
      ],
      node: { id: 'client-1', locality: { region: 'near', zone: 'near', sub_zone: '' } },
    });
    const { register } = await import('@grpc/grpc-js-xds');
    register();
    const Echo = makeGenericClientConstructor(ECHO, 'echo.Echo');
    const client = new Echo('xds:///front.default.svc:80', credentials.createInsecure());
    closes.push(() => client.close());
    const say = (): Promise<string> =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          '/echo.Echo/Say',
          bytes,
          bytes,
          Buffer.alloc(0),
          (error: Error | null, value?: Buffer) => (error === null ? resolve(String(value)) : reject(error)),
        );
      });
    const count = async (calls: number): Promise<Map<string, number>> => {
      const counts = new Map<string, number>();
      for (let i = 0; i < calls; i += 50)
        for (const group of await Promise.all(Array.from({ length: 50 }, say)))
          counts.set(group, (counts.get(group) ?? 0) + 1);
      return counts;
    };
    const wanted = await count(10_000);
    assert.ok(chiSquare(wanted, new Map([['near', 70], ['mid', 20], ['far', 10]])) < NEVER, [...wanted].join()); // prettier-ignore
    const took: number[] = [];
    for (const [i, target] of Array.from({ length: 20 }, (_, n) => GROUPS[n % 2] ?? 'near').entries()) {
      const since = performance.now();
      offer(target === 'near' ? 10_000 : 0, target === 'mid' ? 10_000 : 0, 0);
      while ((await say()) !== target)
        assert.ok(performance.now() - since < 5_000, `change ${i} has no effect`);
      took.push(performance.now() - since);
    }
    took.sort((a, b) => a - b);
    process.stdout.write(
      `      push to effect: p50 ${took[10]?.toFixed(1)} ms, largest ${took.at(-1)?.toFixed(1)} ms\n`,
    );
    offer(8_000, 2_000, 0);
    await sleep(200);
    const without = await count(2_000);
    assert.equal(without.get('far'), undefined);
    assert.equal(server.clients()[0]?.refused, undefined);
    assert.ok(server.clients()[0]?.routes.has('default/front'));
  });

  it('talks only to clients with a certificate of its authority', async () => {
    const server = await discovery(true);
    server.offer(() => resourcesOf([edgeOf('HTTP', { near: 1 }, { near: 1 })]));
    const Discovery = aggregatedDiscovery();
    const ca = Buffer.from(authority.certificate);
    const ask = (creds: ReturnType<typeof credentials.createSsl>): Promise<string> =>
      new Promise((resolve) => {
        const client = new Discovery(`localhost:${server.port}`, creds);
        closes.push(() => client.close());
        const stream = (
          client as unknown as {
            StreamAggregatedResources: () => NodeJS.ReadWriteStream & { cancel(): void };
          }
        ).StreamAggregatedResources();
        stream.on('data', () => (resolve('told'), stream.cancel()));
        stream.on('error', () => resolve('refused'));
        (stream as unknown as { write(o: object): void }).write({
          node: { id: 'x' },
          type_url: TYPES.cluster,
        });
      });
    const pair = issue(authority, { commonName: 'envoy' });
    const stranger = issue(createAuthority('stranger'), { commonName: 'envoy' });
    const of = ({ key, certificate }: typeof pair) =>
      credentials.createSsl(ca, Buffer.from(key), Buffer.from(certificate));
    assert.equal(await ask(of(pair)), 'told');
    assert.equal(await ask(credentials.createSsl(ca)), 'refused');
    assert.equal(await ask(of(stranger)), 'refused');
  });

  it('splits the requests of a stock Envoy as wanted, and hears what it refuses', async () => {
    const obstacle = envoyObstacle();
    if (obstacle !== undefined) {
      process.stdout.write(`\n      NO STOCK ENVOY HERE, its part is left out: ${obstacle}\n`);
      return;
    }
    const programs = ensureDataPlane((message) => void process.stdout.write(`      ${message}\n`));
    const echoes = new EchoServers();
    closes.push(() => echoes.close());
    const ports: Record<string, number> = {};
    for (const group of GROUPS) {
      const reserved = await reservePort();
      await reserved.release();
      ports[group] = reserved.port;
      await echoes.open(group, '127.0.0.1', reserved.port);
    }
    const server = await discovery(true);
    const pair = issue(authority, { commonName: 'envoy' });
    for (const [name, text] of [
      ['ca.crt', authority.certificate],
      ['tls.crt', pair.certificate],
      ['tls.key', pair.key],
    ] as const)
      // prettier-ignore
      await writeFile(join(folder, name), text);
    const admin = await reservePort();
    await admin.release();
    const values: Record<string, string | number> = {
      node: 'node-1',
      admin: admin.port,
      server: '127.0.0.1',
      port: server.port,
      certs: folder,
    };
    const text = (await readFile(BOOTSTRAP, 'utf8')).replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) =>
      String(values[name]),
    );
    await writeFile(join(folder, 'envoy.yaml'), text);
    const offer = (near: number, mid: number, far: number): void =>
      server.offer(() => resourcesOf([edgeOf('HTTP', { near, mid, far }, ports)]));
    offer(7_000, 2_000, 1_000);
    const group = new ProcessGroup();
    closes.unshift(() => group.close());
    group.start(
      'envoy',
      [
        programs.envoy,
        '-c',
        join(folder, 'envoy.yaml'),
        '--concurrency',
        '1',
        '--base-id',
        '9',
        '--log-level',
        'warn',
      ],
      join(folder, 'envoy.log'),
    );
    await until('Envoy agrees', 20_000, async () => (server.clients()[0]?.routes.has(ENVOY) === true ? true : undefined), () => JSON.stringify(server.clients()[0])); // prettier-ignore
    const origin = 'http://127.0.0.1:15001';
    const seen = await load(origin, 'front.default.svc', { requests: 10_000 });
    assert.equal(seen.errors, 0);
    assert.ok(chiSquare(seen.byRegion, new Map([['near', 70], ['mid', 20], ['far', 10]])) < NEVER, [...seen.byRegion].join()); // prettier-ignore
    offer(7_999, 2_000, 1);
    await sleep(200);
    offer(8_000, 2_000, 0);
    await sleep(200);
    const without = await load(origin, 'front.default.svc', { requests: 2_000 });
    assert.equal(without.errors, 0);
    assert.equal(without.byRegion.get('far'), undefined);
    const twice = resourcesOf([
      edgeOf('HTTP', { near: 1 }, ports),
      { ...edgeOf('HTTP', { near: 1 }, ports), id: 'default/again' },
    ]);
    server.offer(() => twice);
    await until('the refusal of one name in two hosts is heard', 5_000, async () =>
      server.clients()[0]?.refused === undefined ? undefined : true,
    );
    assert.match(server.clients()[0]?.refused ?? '', /unique/);
    offer(8_000, 2_000, 0);
    await until('it agrees again', 5_000, async () =>
      server.clients()[0]?.refused === undefined ? true : undefined,
    );
  });
});
