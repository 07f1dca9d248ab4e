import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { reservePort } from '#hack/control-plane/ports.ts';
import { ensureDataPlane } from '#hack/data-plane/binaries.ts';
import {
  discoveryCertificates,
  grpcBootstrap,
  NODE_ENVOY,
  startNodeEnvoy,
} from '#hack/data-plane/node-envoy.ts';
import { Replicas, Watcher } from '#hack/data-plane/traffic.ts';
import type { Order } from '#hack/data-plane/traffic.ts';
import { until } from '#hack/demo/observe.ts';
import { resourcesOf } from '#operator/xds/resources.ts';
import type { XdsEdge } from '#operator/xds/resources.ts';
import { XdsServer } from '#operator/xds/server.ts';
import { say } from '../cluster/load.ts';
import { figure, quantile } from '../report.ts';
import type { Figure } from '../report.ts';
import { splitFigures, zeroFigure } from './counts.ts';
import { nodeGrpcFigures } from './node-grpc.ts';

const GROUPS = ['near', 'mid', 'far'] as const;
const HOST = 'front.default.svc';
const STEPS = 31;

type Ports = Readonly<Record<string, number>>;
/** What the discovery server says of the one edge from now on. */
export type Offer = (near: number, mid: number, far: number) => void;

const edgeOf = (protocol: 'HTTP' | 'GRPC', weights: readonly number[], ports: Ports): XdsEdge => ({
  id: 'default/front',
  names: [HOST, `${HOST}:80`],
  protocol,
  weights: new Map(GROUPS.map((group, i) => [group, weights[i] ?? 0])),
  endpoints: new Map(GROUPS.map((group) => [group, [{ address: '127.0.0.1', port: ports[group] ?? 0 }]])),
});

const nowMs = (): number => performance.timeOrigin + performance.now();

/**
 * From the push of new weights (near 9,999 : mid 1, and the other way round) to the first answer of the new majority, as one caller who
 * calls again and again sees it. One call in 10,000 is early by chance: not seen in the median.
 */
async function effect(name: string, order: Order, offer: Offer): Promise<Figure> {
  offer(1, 9_999, 0);
  await sleep(300);
  const watcher = new Watcher(order);
  await watcher.next('mid');
  const took: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    const target = i % 2 === 0 ? 'near' : 'mid';
    const seen = watcher.next(target);
    const pushedMs = nowMs();
    if (target === 'near') offer(9_999, 1, 0);
    else offer(1, 9_999, 0);
    took.push((await seen) - pushedMs);
    await sleep(30);
  }
  watcher.close();
  say(`${name}: largest ${Math.max(...took).toFixed(1)} ms`);
  return figure(`${name}.effect.p50`, quantile(took, 0.5), 'ms', '<= 10', STEPS);
}

async function measure(name: string, order: Order, offer: Offer): Promise<Figure[]> {
  offer(7_000, 2_000, 1_000);
  await sleep(300);
  const split = await splitFigures(name, order);
  const quick = await effect(name, order, offer);
  offer(7_500, 2_499, 1);
  await sleep(200);
  offer(7_500, 2_500, 0);
  await sleep(200);
  return [...split, await zeroFigure(name, order, 'far'), quick];
}

/** Our discovery server with stock clients: Envoy told everything and told differences, and proxyless gRPC in Go, over mutual TLS; and in Node. */
export async function discoveryFigures(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'edgeloom-discovery-'));
  const { envoy } = ensureDataPlane(say);
  const replicas = new Replicas();
  const open = async (protocol: 'http' | 'grpc'): Promise<Ports> => {
    const ports: Record<string, number> = {};
    for (const group of GROUPS) {
      const reserved = await reservePort();
      await reserved.release();
      const { port } = reserved;
      await replicas.open(group, protocol, `127.0.0.1:${port}`);
      ports[group] = port;
    }
    return ports;
  };
  const files = await discoveryCertificates(folder);
  const read = (name: string): Buffer => readFileSync(join(files.server, name));
  const tls = { ca: read('ca.crt'), cert: read('tls.crt'), key: read('tls.key') };
  const serve = (secure: boolean): Promise<XdsServer> =>
    XdsServer.start({ port: 0, host: '127.0.0.1', changed: () => undefined, ...(secure ? { tls } : {}) });
  const figures: Figure[] = [];
  try {
    const http = await open('http');
    const grpc = await open('grpc');
    for (const incremental of [false, true]) {
      const server = await serve(true);
      const offer: Offer = (...weights) => server.offer(() => resourcesOf([edgeOf('HTTP', weights, http)]));
      offer(7_000, 2_000, 1_000);
      const admin = await reservePort();
      await admin.release();
      const name = incremental ? 'envoy.incremental' : 'envoy';
      const about = { envoy, folder, node: name, port: server.port, certificates: files.client };
      const running = await startNodeEnvoy({ ...about, admin: admin.port, incremental });
      await until(`${name} agrees`, 20_000, async () =>
        server.clients().some(({ routes }) => routes.size > 0) ? true : undefined,
      );
      figures.push(
        ...(await measure(`routing.xds.${name}`, { target: NODE_ENVOY, host: HOST, workers: 16 }, offer)),
      );
      const refused = server.clients().filter((client) => client.refused !== undefined).length;
      figures.push(figure(`routing.xds.${name}.refused`, refused, 'clients', '<= 0', 1));
      await running.close();
      server.stop();
    }
    const secure = await serve(true);
    const order: Order = {
      protocol: 'grpc',
      target: `xds:///${HOST}:80`,
      workers: 16,
      bootstrap: grpcBootstrap(secure.port, 'near', files.client),
    };
    const offer: Offer = (...weights) => secure.offer(() => resourcesOf([edgeOf('GRPC', weights, grpc)]));
    figures.push(...(await measure('routing.xds.grpc.go', order, offer)));
    secure.stop();
    // The Node client knows no channel credentials but insecure ones towards a discovery server.
    const plain = await serve(false);
    const offerPlain: Offer = (...weights) => plain.offer(() => resourcesOf([edgeOf('GRPC', weights, grpc)]));
    figures.push(
      ...(await nodeGrpcFigures(grpcBootstrap(plain.port, 'near'), `xds:///${HOST}:80`, offerPlain)),
    );
    plain.stop();
  } finally {
    replicas.close();
    rmSync(folder, { recursive: true });
  }
  return figures;
}
