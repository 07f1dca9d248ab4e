import { Controller } from '#kube/controller.ts';
import { EventRecorder } from '#kube/events.ts';
import { serveHealth } from '#kube/health.ts';
import { lead } from '#kube/leader.ts';
import { silentLog } from '#kube/log.ts';
import type { Log } from '#kube/log.ts';
import { runParts } from '#kube/main.ts';
import { controllerMetrics, createRegistry, queueMetrics, watchRestarts } from '#kube/metrics.ts';
import { keyOf } from '#kube/object.ts';
import type { KubeObject } from '#kube/object.ts';
import type { Transport } from '#kube/transport.ts';
import { WorkQueue } from '#kube/workqueue.ts';
import { Caches } from './caches.ts';
import { CalicoController } from './controllers/calico/controller.ts';
import { EdgeRegionController } from './controllers/edgeregion/controller.ts';
import { LinksPart } from './controllers/edgeregion/links/part.ts';
import type { LinksSettings } from './controllers/edgeregion/links/part.ts';
import { GateController } from './controllers/gates/controller.ts';
import { RoutingPart } from './controllers/routing/part.ts';
import { worldMetrics } from './controllers/telemetry/metrics.ts';
import { TelemetryPart } from './controllers/telemetry/part.ts';
import type { TelemetrySettings } from './controllers/telemetry/part.ts';
import { ServiceDagController } from './controllers/servicedag/controller.ts';
import { Planning } from './controllers/servicedag/planning.ts';
import { operatorMetrics } from './metrics.ts';
import { isGated } from './controllers/gates/decide.ts';
import { SETTLE_MS, wake } from './wakes.ts';
import type { WebhookSettings } from './webhook/part.ts';
import { World } from './world.ts';
import type { XdsSettings } from './xds/part.ts';

/** How the operator runs. */
export interface OperatorOptions {
  readonly transport: Transport;
  /** Where the planner answers, without a path. */
  readonly plannerUrl: string;
  /** File with the bearer token that says to the planner who asks; none is sent when left out. */
  readonly plannerTokenFile?: string | undefined;
  /** Namespace of the Leases; edgeloom-system when left out. */
  readonly namespace?: string;
  /** Who holds the Lease; unique to the process. */
  readonly identity: string;
  readonly port: number;
  /** Wait for the Lease before acting; true unless said otherwise. */
  readonly leaderElect?: boolean;
  /** How long a plan is in force before it is looked over; 10 minutes when left out. */
  readonly windowMs?: number | undefined;
  /** Runs the discovery server for Envoys and proxyless clients; off when left out. */
  readonly xds?: XdsSettings | undefined;
  /** Where measurements come from; nothing is measured when left out. */
  readonly telemetry?: TelemetrySettings | undefined;
  /** Where probers answer; no link is measured when left out. */
  readonly links?: LinksSettings | undefined;
  /** Runs the admission webhook; off when left out. */
  readonly webhook?: WebhookSettings | undefined;
  readonly log?: Log;
  readonly signal: AbortSignal;
  readonly onListening?: (port: number) => void;
}

/** Everything is looked at again this often, whatever the watches said. */
const RESYNC_MS = 120_000;

type Reconcile = ConstructorParameters<typeof Controller>[0]['reconcile'];

/** Runs the operator until the signal aborts; rejects when it has lost its Lease, so that the process ends. */
export async function runOperator(options: OperatorOptions): Promise<void> {
  const {
    transport,
    identity,
    plannerUrl,
    plannerTokenFile,
    signal,
    namespace = 'edgeloom-system',
    log = silentLog,
  } = options;
  const registry = createRegistry();
  const restarts = watchRestarts(registry);
  const onRestart = (kind: string, reason: string): void => restarts.inc({ kind, reason });
  const caches = new Caches(transport, namespace, onRestart);
  const world = new World(caches);
  const metrics = operatorMetrics(registry);
  const events = new EventRecorder({
    transport,
    component: 'edgeloom.dev/operator',
    instance: identity,
    log,
  });
  const shell = {
    transport,
    caches,
    world,
    events,
    metrics,
    plannerUrl,
    plannerTokenFile,
    namespace,
    nowMs: () => Date.now(),
  };
  worldMetrics(registry, shell);
  const planning = new Planning(shell);
  const telemetry =
    options.telemetry === undefined
      ? undefined
      : new TelemetryPart({
          ...shell,
          ...options.telemetry,
          registry,
          log,
          told: (key) => {
            routing.look(key);
            dagController.queue.addAfter(key, SETTLE_MS);
          },
        });
  const dags = new ServiceDagController({
    ...shell,
    planning,
    telemetry,
    windowMs: options.windowMs,
    routing: (key) => routing.report(key),
  });
  const calico = new CalicoController({
    ...shell,
    told: (region) => regionController.queue.addAfter(region, SETTLE_MS),
  });
  const links =
    options.links === undefined
      ? undefined
      : new LinksPart({
          ...shell,
          ...options.links,
          registry,
          log,
          told: (region) => regionController.queue.addAfter(region, SETTLE_MS),
        });
  const networked = (region: string): ReturnType<CalicoController['verdict']> => calico.verdict(region);
  const regions = new EdgeRegionController({ ...shell, networked, links });
  const gates = new GateController(shell);
  const controller = (
    name: string,
    reconcile: Reconcile,
    keys: () => string[],
    workers: number,
  ): Controller =>
    new Controller({
      name,
      reconcile,
      keys,
      workers,
      resyncMs: RESYNC_MS,
      queue: new WorkQueue({ metrics: queueMetrics(registry, name) }),
      log,
      metrics: controllerMetrics(registry, name),
    });
  const listKeys = (store: { list(): readonly KubeObject[] }) => () => store.list().map(keyOf);
  const dagController = controller(
    'servicedag',
    (key, context) => dags.reconcile(key, context),
    listKeys(caches.dags),
    4,
  );
  const regionController = controller(
    'edgeregion',
    (key, context) => regions.reconcile(key, context),
    listKeys(caches.regions),
    1,
  );
  const calicoController = controller(
    'calico',
    (key, context) => calico.reconcile(key, context),
    listKeys(caches.regions),
    1,
  );
  const gateController = controller(
    'gates',
    (key, context) => gates.reconcile(key, context),
    () => caches.pods.list().filter(isGated).map(keyOf),
    2,
  );

  const routing = new RoutingPart({
    ...shell,
    registry,
    log,
    onRestart,
    xds: options.xds,
    controller,
    told: (key) => dagController.queue.addAfter(key, SETTLE_MS),
    observed: (edge) => telemetry?.observed(edge),
  });
  wake(
    { caches, world, planning, routing },
    {
      dags: dagController.queue,
      regions: regionController.queue,
      calico: calicoController.queue,
      gates: gateController.queue,
    },
  );

  // Loaded only where it is asked for: what it imports is memory.
  const webhook =
    options.webhook === undefined
      ? undefined
      : new (await import('./webhook/part.ts')).WebhookPart(options.webhook, {
          transport,
          namespace,
          registry,
          log,
          onRestart,
          regions: () => (caches.regions.hasSynced ? caches.regions.list() : undefined),
        });
  const ready = (): string | undefined => caches.doubt(Infinity) ?? webhook?.doubt();
  const health = await serveHealth({ port: options.port, registry, ready });
  log.info({ port: health.port }, 'operator listens');
  options.onListening?.(health.port);
  const controllers = [dagController, regionController, calicoController, gateController];
  const act = async (while_: AbortSignal): Promise<void> => {
    await caches.synced(while_);
    log.info({ identity }, 'operator acts');
    const measuring = [telemetry, links].filter((part) => part !== undefined);
    await Promise.all([...controllers, routing, ...measuring].map((c) => c.run(while_)));
  };
  try {
    await runParts(signal, [
      ...caches.parts(),
      ...routing.parts(),
      ...(webhook?.parts() ?? []),
      async (stop) => {
        if (options.leaderElect === false) return act(stop);
        const ended = await lead(
          { transport, namespace, name: 'edgeloom-operator', identity, log },
          act,
          stop,
        );
        if (ended === 'lost')
          throw new Error('the Lease edgeloom-operator is lost: another replica acts now');
      },
    ]);
  } finally {
    await events.flush();
    await health.close();
  }
}
