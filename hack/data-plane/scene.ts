import { join } from 'node:path';
import type { KubePod } from '#crds/node.ts';
import { ANNOTATIONS, LABELS } from '#crds/meta.ts';
import { startCluster } from '../control-plane/cluster.ts';
import type { LocalCluster } from '../control-plane/local-cluster.ts';
import { reservePort } from '../control-plane/ports.ts';
import type { ProcessGroup } from '../control-plane/processes.ts';
import { podsOf, until } from '../demo/observe.ts';
import { kubectl, startParts } from '../parts.ts';
import type { Parts } from '../parts.ts';
import { dagOf, frontOf, plan, PORT, region, REGIONS } from './app.ts';
import type { App, Shares } from './app.ts';
import { ensureDataPlane } from './binaries.ts';
import { GatewayBeside } from './gateway.ts';
import { disown, own } from './namespaces.ts';
import { discoveryCertificates, grpcBootstrap, startNodeEnvoy } from './node-envoy.ts';
import { Replicas } from './traffic.ts';
import type { Calls } from './traffic.ts';
import { PROBED } from './ways.ts';
import type { Ways } from './ways.ts';

const API = '/apis/edgeloom.dev/v1alpha1';

/** Millions of instructions a second of a CPU: nodes of the other regions are smaller machines. */
const MIPS = { near: '3000', mid: '1200', far: '850' } as const;

const node = (name: (typeof REGIONS)[number]): object => {
  const amounts = { cpu: '8', memory: '16Gi', pods: '110' };
  const labels = { 'kubernetes.io/hostname': `${name}-1`, [LABELS.region]: name };
  return { metadata: { name: `${name}-1`, labels, annotations: { [ANNOTATIONS.mipsPerCpu]: MIPS[name] } }, status: { capacity: amounts, allocatable: amounts } }; // prettier-ignore
};

interface Slices {
  readonly items: readonly {
    readonly ports: readonly { readonly port: number }[];
    readonly endpoints: readonly { readonly addresses: readonly string[] }[];
  }[];
}

/** A local cluster with three regions, Envoy Gateway and stock Envoys beside it, and replicas that answer. Runs inside namespaces. */
export class RoutingScene {
  readonly cluster: LocalCluster;
  readonly gateway: GatewayBeside;
  readonly replicas = new Replicas();
  readonly #parts: Parts;
  readonly #xdsPort: number;
  readonly #client: string;
  readonly #ways: Ways | undefined;
  readonly #pods = new Map<string, KubePod>();
  readonly #windows = new Map<string, number>();
  #nodeEnvoy: ProcessGroup | undefined;
  #admin = 0;

  private constructor(
    cluster: LocalCluster,
    gateway: GatewayBeside,
    parts: Parts,
    xdsPort: number,
    client: string,
    ways: Ways | undefined,
  ) {
    this.cluster = cluster;
    this.gateway = gateway;
    this.#parts = parts;
    this.#xdsPort = xdsPort;
    this.#client = client;
    this.#ways = ways;
  }

  /**
   * Starts everything but applications. With `ways` the regions are apart, probers measure how far, and Edgeloom's own planner decides;
   * without, the regions are all here, and whoever started the scene plays the planner.
   */
  static async start(name: string, say: (text: string) => void, ways?: Ways): Promise<RoutingScene> {
    const programs = ensureDataPlane(say);
    const cluster = await startCluster({ name: `${name}-${process.pid}`, nodes: REGIONS.map(node) as never });
    try {
      const { server, client } = await discoveryCertificates(join(cluster.directory, 'discovery'));
      const reserved = await reservePort();
      await reserved.release();
      const { port } = reserved;
      const gateway = new GatewayBeside(cluster, programs);
      const probed = ways === undefined ? [] : PROBED;
      const operator = ['--xds-port', String(port), '--xds-tls', server, ...probed];
      const parts = await startParts(cluster, { operator });
      if (ways === undefined) await parts.kill('planner');
      await gateway.start();
      for (const one of REGIONS) await cluster.api.create(`${API}/edgeregions`, region(one));
      await ways?.probe(cluster);
      const scene = new RoutingScene(cluster, gateway, parts, port, client, ways);
      const admin = await reservePort();
      await admin.release();
      scene.#admin = admin.port;
      scene.#nodeEnvoy = await startNodeEnvoy({
        envoy: programs.envoy,
        folder: join(cluster.directory, 'node-envoy'),
        node: 'near-1',
        port,
        certificates: client,
        admin: admin.port,
      });
      await scene.#proxyPod();
      return scene;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Adds an application, gives it its first plan where nobody else plans, and opens a replica on the address of each of its pods. */
  async add(app: App, shares?: Readonly<Record<string, Shares>>): Promise<void> {
    await this.cluster.api.create(`${API}/namespaces/default/servicedags`, dagOf(app));
    if (shares !== undefined) await this.plan(app, shares);
    const callees = app.protocols.map((p) => p.toLowerCase());
    const pods = await until(`every replica of ${app.name} is ready`, 60_000, async () => {
      const found = await podsOf(this.cluster, 'default', `${LABELS.dag}=${app.name}`);
      const ready = found.filter(
        ({ metadata, status }) =>
          callees.includes(metadata.labels?.[LABELS.microservice] ?? '') &&
          status?.podIP !== undefined &&
          status.phase === 'Running',
      );
      return ready.length === REGIONS.length * callees.length ? ready : undefined;
    });
    for (const pod of pods) {
      const { [LABELS.region]: where = '', [LABELS.microservice]: callee = '' } = pod.metadata.labels ?? {};
      this.#pods.set(`${app.name} ${callee} ${where}`, pod);
      await this.#open(pod, where, callee as Calls);
    }
  }

  async #open({ status }: KubePod, where: string, callee: Calls): Promise<void> {
    const ip = status?.podIP ?? '';
    const elsewhere = this.#ways?.replicas(where);
    if (elsewhere === undefined) own(ip);
    else await this.#ways?.lead(ip, where);
    await (elsewhere ?? this.replicas).open(where, callee, `${ip}:${PORT}`);
  }

  /** Removes an application, its pods and what answered on their addresses: they are given to others next. */
  async remove(app: App): Promise<void> {
    kubectl(this.cluster, 'delete', 'sdag', app.name, '--wait=true', '--timeout=60s');
    await until(`the pods of ${app.name} are gone`, 60_000, async () =>
      (await podsOf(this.cluster, 'default', `${LABELS.dag}=${app.name}`)).length === 0 ? true : undefined,
    );
    for (const [key, { metadata, status }] of this.#pods) {
      if (metadata.labels?.[LABELS.dag] !== app.name) continue;
      const { [LABELS.region]: where = '' } = metadata.labels;
      const ip = status?.podIP ?? '';
      const elsewhere = this.#ways?.replicas(where);
      await (elsewhere ?? this.replicas).kill(`${ip}:${PORT}`);
      if (elsewhere === undefined) disown(ip);
      else await this.#ways?.unlead(ip, where);
      this.#pods.delete(key);
    }
  }

  /** Gives an application its next plan. */
  plan(app: App, shares: Readonly<Record<string, Shares>>): Promise<void> {
    const window = (this.#windows.get(app.name) ?? 0) + 1;
    this.#windows.set(app.name, window);
    return plan(this.cluster, app, window, shares);
  }

  /** Where kube-proxy would send a caller on the near node: `HOST:PORT` from the slice that routing wrote for the front Service. */
  async target(app: App, protocol: App['protocols'][number]): Promise<string> {
    const front = frontOf(app, protocol);
    const slice = await until(`${front} leads to a proxy`, 20_000, async () => {
      const path = `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name%3D${front}`;
      const { items } = await this.cluster.api.get<Slices>(path);
      return items.length === 1 ? items[0] : undefined;
    });
    const address = slice.endpoints[0]?.addresses[0] ?? '';
    own(address);
    return `${address}:${slice.ports[0]?.port}`;
  }

  /** HTTP calls of an application that its Envoy has sent to each region so far, by Envoy's own counters. */
  async counted(app: App): Promise<ReadonlyMap<string, number>> {
    if (app.mechanism === 'Gateway') {
      const all = await this.gateway.counters();
      return new Map(REGIONS.map((name) => [name, all.get(`${app.name}-http-in-${name}`) ?? 0]));
    }
    const text = await (await fetch(`http://127.0.0.1:${this.#admin}/stats/prometheus`)).text();
    const start = `envoy_cluster_upstream_rq_total{envoy_cluster_name="default/${frontOf(app, 'HTTP')}/`;
    const lines = text.split('\n').filter((line) => line.startsWith(start));
    return new Map(
      lines.map((line) => {
        const [name = '', count = '0'] = line.slice(start.length).split('"} ');
        return [name, Number(count)];
      }),
    );
  }

  /** Bootstrap of a proxyless gRPC client in a region. */
  bootstrap(where: string): object {
    return grpcBootstrap(this.#xdsPort, where, this.#client);
  }

  /** The replica of a callee in a region dies, and the kubelet's part is played: its pod is not ready. Unix milliseconds of that. */
  async die(app: App, callee: string, where: string): Promise<number> {
    const pod = this.#pods.get(`${app.name} ${callee} ${where}`);
    await this.replicas.kill(`${pod?.status?.podIP}:${PORT}`);
    return this.#ready(pod, false);
  }

  /** It is back. */
  async revive(app: App, callee: string, where: string): Promise<void> {
    const pod = this.#pods.get(`${app.name} ${callee} ${where}`);
    await this.replicas.open(where, callee as Calls, `${pod?.status?.podIP}:${PORT}`);
    await this.#ready(pod, true);
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    this.replicas.close();
    await this.#nodeEnvoy?.close();
    await this.gateway.stop();
    await this.#parts.stop();
    await this.cluster.stop();
  }

  async #ready(pod: KubePod | undefined, ready: boolean): Promise<number> {
    const conditions = ['Ready', 'ContainersReady'].map((type) => ({
      type,
      status: ready ? 'True' : 'False',
    }));
    const path = `/api/v1/namespaces/default/pods/${pod?.metadata.name}/status`;
    const atMs = performance.timeOrigin + performance.now();
    await this.cluster.api.send('PATCH', path, { status: { conditions } }, 'application/strategic-merge-patch+json'); // prettier-ignore
    return atMs;
  }

  /** The pod that the DaemonSet's controller would make for the Envoy on the near node; its address leads there. */
  async #proxyPod(): Promise<void> {
    const path = '/api/v1/namespaces/edgeloom-system/pods';
    const metadata = { name: 'edgeloom-proxy', labels: { 'edgeloom.dev/proxy': 'true' } };
    const spec = { nodeName: 'near-1', containers: [{ name: 'envoy', image: 'envoy:1' }] };
    await this.cluster.api.create(path, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
    const address = await until(
      'the proxy has an address',
      20_000,
      async () => (await this.cluster.api.get<KubePod>(`${path}/edgeloom-proxy`)).status?.podIP,
    );
    own(address);
  }
}
