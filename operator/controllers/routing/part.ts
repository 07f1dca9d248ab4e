import type { Registry } from 'prom-client';
import type { Clock } from '#kube/clock.ts';
import type { Controller, ReconcileContext } from '#kube/controller.ts';
import type { EventRecorder } from '#kube/events.ts';
import type { Log } from '#kube/log.ts';
import type { Part } from '#kube/main.ts';
import { keyOf } from '#kube/object.ts';
import type { KubeObject } from '#kube/object.ts';
import type { Transport } from '#kube/transport.ts';
import { dagKeyOf } from '../../caches.ts';
import type { Caches } from '../../caches.ts';
import { relevance } from '../../relevance.ts';
import { BACK_ENDS } from '../../routing/back-ends.ts';
import type { World } from '../../world.ts';
import { GROUP } from '#crds/meta.ts';
import type { CachedPod } from '../../objects.ts';
import type { Edge } from '../../routing/edge.ts';
import type { Target } from '../../routing/services.ts';
import type { Weights } from '../../routing/weights.ts';
import type { XdsPart, XdsSettings } from '../../xds/part.ts';
import { ENVOY_PORT } from '../../xds/resources.ts';
import { RoutingController } from './controller.ts';
import { GatewayDirectory } from './gateways.ts';
import { routingMetrics } from './metrics.ts';
import type { RoutingReport } from './report.ts';
import { RoutingStores } from './stores.ts';

/** Changes that come together are answered together; a weight is in effect this much later at most. */
const SETTLE_MS = 10;

/** Label of the pods of our node-local Envoys. */
const PROXY = `${GROUP}/proxy`;

/** Node-local Envoys that take connections. */
function proxiesIn(pods: readonly CachedPod[]): Target[] {
  return pods
    .filter(
      ({ metadata, status }) =>
        metadata.labels?.[PROXY] !== undefined &&
        status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true,
    )
    .flatMap(({ spec, status }) =>
      status?.podIP === undefined ? [] : [{ address: status.podIP, port: ENVOY_PORT, node: spec.nodeName }],
    )
    .toSorted((a, b) => (a.address < b.address ? -1 : 1));
}

/** What routing is made from. */
export interface RoutingParts {
  readonly transport: Transport;
  readonly caches: Caches;
  readonly world: World;
  readonly events: EventRecorder;
  readonly registry: Registry;
  readonly log: Log;
  readonly clock?: Clock;
  /** Runs our discovery server; off when left out. */
  readonly xds?: XdsSettings | undefined;
  readonly nowMs: () => number;
  readonly onRestart: (kind: string, reason: string) => void;
  /** Hears that there is something new to say of a DAG. */
  readonly told: (key: string) => void;
  /** Shares that were measured of an edge; nobody measures when left out. */
  readonly observed?: (edge: Edge) => Weights | undefined;
  readonly controller: (
    name: string,
    reconcile: (key: string, context: ReconcileContext) => Promise<void>,
    keys: () => string[],
    workers: number,
  ) => Controller;
}

/** Routing as one part of the operator: its watches, its directory of Gateways and its controller, tied together. */
export class RoutingPart {
  readonly #stores: RoutingStores;
  readonly #gateways: GatewayDirectory;
  readonly #routing: RoutingController;
  readonly #controller: Controller;
  readonly #log: Log;
  readonly #from: RoutingParts;
  #xds: XdsPart | undefined;

  constructor(from: RoutingParts) {
    const { transport, caches, log } = from;
    this.#log = log;
    this.#from = from;
    this.#stores = new RoutingStores(transport, caches, from.onRestart, from.clock);
    const dagKeys = (): string[] => caches.dags.list().map(keyOf);
    this.#gateways = new GatewayDirectory(
      transport,
      this.#stores,
      () => dagKeys().forEach((key) => this.#add(key)),
      from.clock,
    );
    this.#routing = new RoutingController({
      ...from,
      stores: this.#stores,
      gateways: this.#gateways,
      backEnds: BACK_ENDS,
      metrics: routingMetrics(from.registry),
      xds: () => this.#xds,
      observed: from.observed ?? (() => undefined),
    });
    this.#controller = from.controller(
      'routing',
      (key, context) => this.#routing.reconcile(key, context),
      dagKeys,
      4,
    );
    const ofDag = (_key: string, before?: KubeObject, after?: KubeObject): void => {
      const object = after ?? before;
      for (const key of object === undefined ? [] : dagKeyOf(object)) this.#add(key);
    };
    caches.dags.subscribe((key, before, after) => {
      if (relevance.dag(before, after) !== 'none') this.#add(key);
    });
    from.world.onMeasured(() => dagKeys().forEach((key) => this.#add(key)));
    caches.plans.subscribe(ofDag);
    caches.pods.subscribe(ofDag);
    for (const kind of this.#stores.kinds()) this.#stores.of(kind).subscribe(ofDag);
  }

  /** What there is to say of a DAG (`namespace/name`); undefined until it was looked at. */
  report(key: string): RoutingReport | undefined {
    return this.#routing.report(key);
  }

  /** There is something new to look at in a DAG. */
  look(key: string): void {
    this.#add(key);
  }

  /** Where the discovery server listens; undefined while it does not. */
  get discoveryPort(): number | undefined {
    return this.#xds?.port;
  }

  /** The watches, to be run by every replica. */
  parts(): readonly Part[] {
    return this.#stores.parts();
  }

  /** Acts until the signal: for the replica that leads. */
  async run(signal: AbortSignal): Promise<void> {
    // A start must not take for gone what it has not read yet.
    await this.#stores.settled(signal);
    await this.#gateways.look(signal).catch(() => undefined);
    this.#stores.gateways.subscribe(() => void this.#gateways.look(signal).catch(() => undefined));
    const { xds, caches } = this.#from;
    const keys = (): string[] => caches.dags.list().map(keyOf);
    const everyDag = (): void => keys().forEach((key) => this.#add(key));
    if (xds !== undefined) {
      // gRPC is loaded only where it is used.
      const { XdsPart } = await import('../../xds/part.ts');
      this.#xds = await XdsPart.start(xds, {
        awaited: keys(),
        proxies: () => proxiesIn(caches.pods.list()),
        regionOf: (node) => this.#from.world.readyNodes().get(node),
        changed: everyDag,
      });
    }
    try {
      await Promise.all([this.#controller.run(signal), this.#gateways.run(signal, this.#log)]);
    } finally {
      this.#xds?.stop();
    }
  }

  #add(key: string): void {
    this.#controller.queue.addAfter(key, SETTLE_MS);
  }
}
