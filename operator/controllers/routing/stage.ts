import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { deploymentPlanSpec } from '#crds/deploymentplan.ts';
import { API_VERSION, LABELS } from '#crds/meta.ts';
import { hurried } from '#kube/clock.ts';
import { Controller } from '#kube/controller.ts';
import { EventRecorder } from '#kube/events.ts';
import { FakeApiServer } from '#kube/fake-apiserver.ts';
import { POD, SERVICE } from '#kube/kinds.ts';
import type { Kind } from '#kube/kinds.ts';
import { silentLog } from '#kube/log.ts';
import { runParts } from '#kube/main.ts';
import { createRegistry } from '#kube/metrics.ts';
import type { KubeObject } from '#kube/object.ts';
import { WorkQueue } from '#kube/workqueue.ts';
import { Caches } from '../../caches.ts';
import { givenDag, givenPod } from '../../given.ts';
import { DEPLOYMENTPLAN, GATEWAY, HTTPROUTE, SERVICEDAG } from '../../kinds.ts';
import type { CachedDag, Service } from '../../objects.ts';
import { World } from '../../world.ts';
import { RoutingPart } from './part.ts';
import type { Row } from './row.ts';
import { answerRoutes } from './stage-gateway.ts';
import type { Answer, Route } from './stage-gateway.ts';

/** Routing lives this much faster than we do. */
const CLOCK = hurried(8);

/** Test support: routing alone on a fake API server, beside a Gateway controller that does as it is told. Opens before each test. */
export class RoutingStage {
  server!: FakeApiServer;
  /** What the Gateway controller says to every route. */
  gateway: Answer = 'accepts';
  #part!: RoutingPart;
  #stop = new AbortController();
  #ended: Promise<unknown>[] = [];
  #plans = 0;
  /** Whether routing runs its discovery server; it counts from the next start. */
  discovery = false;

  constructor() {
    beforeEach(() => this.#open());
    afterEach(() => this.#close());
  }

  async #open(): Promise<void> {
    this.server = await FakeApiServer.start({ historySize: 10_000 });
    this.gateway = 'accepts';
    this.discovery = false;
    this.#plans = 0;
    this.server.put(GATEWAY, {
      metadata: { name: 'east-west', namespace: 'infra', labels: { 'edgeloom.dev/east-west': 'true' } },
      spec: {
        listeners: [
          { name: 'http', port: 8080, protocol: 'HTTP' },
          { name: 'tcp-1', port: 9001, protocol: 'TCP' },
        ],
      },
      status: { addresses: [{ type: 'IPAddress', value: '10.9.0.1' }] },
    } as KubeObject);
    this.#stop = new AbortController();
    this.#ended = [answerRoutes(this.server, () => this.gateway, this.#stop.signal)];
    this.start();
  }

  /** Starts routing; call `restart` for a new process. */
  start(): void {
    const { signal } = this.#stop;
    const transport = this.server.transport();
    const caches = new Caches(transport, 'edgeloom-system', () => undefined);
    const registry = createRegistry();
    this.#part = new RoutingPart({
      transport,
      caches,
      world: new World(caches),
      events: new EventRecorder({ transport, component: 'test', instance: 'one' }),
      registry,
      log: silentLog,
      xds: this.discovery ? { port: 0, host: '127.0.0.1' } : undefined,
      clock: CLOCK,
      nowMs: () => CLOCK.now(),
      onRestart: () => undefined,
      told: (key) => this.#tell(key),
      controller: (name, reconcile, keys, workers) =>
        new Controller({
          name,
          reconcile,
          keys,
          workers,
          queue: new WorkQueue({ clock: CLOCK }),
          log: silentLog,
        }),
    });
    const part = this.#part;
    this.#ended.push(
      runParts(signal, [
        ...caches.parts(),
        ...part.parts(),
        async (stop) => {
          await caches.synced(stop);
          await part.run(stop);
        },
      ]),
    );
  }

  /** Ends routing and starts it anew, without memory. */
  async restart(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#ended);
    this.#stop = new AbortController();
    this.#ended = [answerRoutes(this.server, () => this.gateway, this.#stop.signal)];
    this.start();
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#ended);
    await this.server.stop();
  }

  /** The operator writes what routing says into the status; here the stage does. */
  #tell(key: string): void {
    const [, name = ''] = key.split('/');
    const stored = this.server.objects<CachedDag>(SERVICEDAG).find(({ metadata }) => metadata.name === name);
    const report = this.#part.report(key);
    if (stored !== undefined && report !== undefined)
      this.server.put(SERVICEDAG, { ...stored, status: { ...stored.status, edges: [...report.edges] } });
  }

  /** `app`, whose `front` calls `back`. */
  dag(over: Parameters<typeof givenDag>[0] = {}): CachedDag {
    const { metadata, ...dag } = givenDag(over);
    return this.server.put(SERVICEDAG, { ...dag, metadata: { name: metadata.name, namespace: 'default' } });
  }

  /** A plan that sends the calls of `front` to the regions in these shares. */
  plan(dag: CachedDag, shares: Readonly<Record<string, number>>): void {
    const sum = Object.values(shares).reduce((a, b) => a + b, 0);
    const paths = Object.entries(shares).map(([region, share]) => ({
      via: ['a', region],
      fromRegion: 'north',
      toRegion: region,
      weightPpm: Math.round((share / sum) * 1_000_000),
    }));
    const { name, uid = '', generation = 1 } = dag.metadata;
    const window = ++this.#plans;
    this.server.put(DEPLOYMENTPLAN, {
      apiVersion: API_VERSION,
      kind: 'DeploymentPlan',
      metadata: { name: `${name}-${window}`, namespace: 'default', labels: { [LABELS.dag]: name } },
      spec: deploymentPlanSpec.parse({
        dag: { name, uid, generation },
        window,
        source: 'Search',
        routes: [{ from: 'front', to: 'back', slice: 'immersive', paths }],
      }),
    } as KubeObject);
  }

  /** A replica of `back` in a region. */
  replica(region: string, { ready = true, index = 0, of = 'back' } = {}): void {
    const pod = givenPod(of, { node: region, region, name: `${of}-${region}-${index}`, ready });
    const octet = 10 + region.charCodeAt(0) + region.length * 7;
    this.server.put(POD, {
      ...pod,
      status: { ...pod.status, podIP: `10.1.${octet}.${index + 1}` },
    } as KubeObject);
  }

  /** Milliseconds as routing counts them. */
  nowMs(): number {
    return CLOCK.now();
  }

  /** Where the discovery server listens. */
  discoveryPort(): number | undefined {
    return this.#part.discoveryPort;
  }

  /** The row of the one edge. */
  row(): Row | undefined {
    return this.#part.report('default/app')?.edges[0];
  }

  /** `Status Reason: message` of Routed. */
  routed(): string {
    const verdict = this.#part.report('default/app')?.verdict;
    return `${verdict?.status} ${verdict?.reason}: ${verdict?.message}`;
  }

  /** The one route of a kind. */
  route(kind: Kind = HTTPROUTE): Route | undefined {
    return this.server.objects<Route>(kind)[0];
  }

  /** Weights of the route by backend. */
  weights(kind: Kind = HTTPROUTE): Record<string, number> {
    const refs = this.route(kind)?.spec.rules[0]?.backendRefs ?? [];
    return Object.fromEntries(refs.map(({ name, weight }) => [name.replace('app-back-in-', ''), weight]));
  }

  /** The Service that callers dial. */
  front(): Service | undefined {
    return this.server
      .objects<Service>(SERVICE)
      .find(({ metadata }) => metadata.name === 'app-front-to-back-immersive');
  }

  /** Writes that matter, events apart. */
  writes(): string[] {
    return this.server.writes
      .filter(({ path }) => !path.includes('/events'))
      .map(({ verb, path }) => `${verb} ${path}`);
  }

  /** Waits until something holds; fails with the message after `ms`. */
  async eventually(what: () => boolean, message: () => string, ms = 9_000): Promise<void> {
    const endMs = performance.now() + ms;
    while (!what()) {
      if (performance.now() > endMs) assert.fail(message());
      await sleep(10);
    }
  }

  /** Waits until Routed reads like the pattern. */
  becomes(pattern: RegExp, ms?: number): Promise<void> {
    return this.eventually(
      () => pattern.test(this.routed()),
      () => `Routed is ${this.routed()}, not ${pattern}`,
      ms,
    );
  }
}
