import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { EDGEREGION } from '#crds/served.ts';
import { FakeApiServer } from '#kube/fake-apiserver.ts';
import { NODE } from '#kube/kinds.ts';
import { silentLog } from '#kube/log.ts';
import type { KubeObject } from '#kube/object.ts';
import { question } from '../../prober/packet.ts';
import { clusterDirectory, fixedDirectory } from './directory.ts';
import type { Directory } from './directory.ts';
import { runProber } from './main.ts';
import { proberMetrics } from './metrics.ts';
import type { ProberMetrics } from './metrics.ts';

const PROBE_PORT = 28_285;
const node = (name: string, address: string): KubeObject =>
  ({
    metadata: { name, labels: { region: 'north' } },
    status: { addresses: [{ type: 'InternalIP', address }] },
  }) as KubeObject;
const north = { metadata: { name: 'north' }, spec: { nodeSelector: { matchLabels: { region: 'north' } } } };

describe('edgeloom prober', () => {
  let server: FakeApiServer;
  let stops: { stop: AbortController; ended: Promise<void> }[];
  beforeEach(async () => {
    server = await FakeApiServer.start();
    stops = [];
  });
  afterEach(async () => {
    for (const { stop } of stops) stop.abort();
    await Promise.allSettled(stops.map(({ ended }) => ended));
    await server.stop();
  });

  /** Starts the prober of a node; resolves with where it answers. */
  const start = async (
    name: string,
    address: string,
    directory?: Directory,
  ): Promise<{ url: string; metrics: ProberMetrics }> => {
    const stop = new AbortController();
    const metrics = proberMetrics();
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const ended = runProber({
      node: name,
      address,
      port: 0,
      probePort: PROBE_PORT,
      probesPerSecond: 100,
      directory: directory ?? clusterDirectory(server.transport(), silentLog, () => undefined),
      metrics,
      signal: stop.signal,
      onListening: resolve,
    });
    stops.push({ stop, ended });
    ended.catch(reject);
    return { url: `http://${address}:${await promise}`, metrics };
  };
  const peersSeenBy = async (url: string): Promise<string[]> => {
    const answer = (await (await fetch(`${url}/v1/measurements`)).json()) as {
      measurements: { peer: string }[];
    };
    return answer.measurements.map(({ peer }) => peer);
  };
  const eventually = async (what: () => Promise<boolean>): Promise<void> => {
    const end = performance.now() + 10_000;
    while (!(await what())) {
      assert.ok(performance.now() < end, 'not within 10 s');
      await sleep(20);
    }
  };

  it('measures the nodes of a cluster, and those that come later', async () => {
    server.put(EDGEREGION, north);
    server.put(NODE, node('a', '127.11.0.1'));
    server.put(NODE, node('b', '127.11.0.2'));
    const a = await start('a', '127.11.0.1');
    await start('b', '127.11.0.2');
    await eventually(async () => (await peersSeenBy(a.url)).join() === 'b');
    assert.equal(await (await fetch(`${a.url}/readyz`)).text(), 'ok\n');
    server.put(NODE, node('c', '127.11.0.3'));
    await start('c', '127.11.0.3');
    await eventually(async () => (await peersSeenBy(a.url)).join() === 'b,c');
    assert.match(await (await fetch(`${a.url}/metrics`)).text(), /edgeloom_prober_peers\{how="first"\} 1/);
  });

  it('goes on whatever is sent to it, and answers no stranger', async () => {
    const { url, metrics } = await start('a', '127.11.0.1', fixedDirectory([], []));
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(PROBE_PORT, '127.11.0.9', resolve));
    let answers = 0;
    socket.on('message', () => answers++);
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(1_400, 7), question(Buffer.alloc(16, 1))])
      socket.send(bytes, PROBE_PORT, '127.11.0.1');
    const counted = (fate: string): Promise<boolean> =>
      metrics.registry.metrics().then((text) => text.includes(`fate="${fate}"`));
    await eventually(async () => (await counted('garbage')) && (await counted('stranger')));
    assert.equal(answers, 0);
    assert.deepEqual(await peersSeenBy(url), []);
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  });

  it('says what to do when its port or its address cannot be had', async () => {
    const nobody = fixedDirectory([], []);
    await start('a', '127.11.0.1', nobody);
    await assert.rejects(
      start('a', '127.11.0.1', nobody),
      /UDP 127\.11\.0\.1 port 28285 .*EADDRINUSE.*--probe-port/,
    );
    await assert.rejects(start('a', '203.0.113.1', nobody), /give --address one of the addresses/);
  });
});
