import { keyOf } from '#kube/object.ts';
import type { KubeObject } from '#kube/object.ts';
import type { WorkQueue } from '#kube/workqueue.ts';
import { dagKeyOf } from './caches.ts';
import type { Caches } from './caches.ts';
import { isGated } from './controllers/gates/decide.ts';
import type { RoutingPart } from './controllers/routing/part.ts';
import type { Planning } from './controllers/servicedag/planning.ts';
import { regionOfLease } from './kinds.ts';
import { relevance } from './relevance.ts';
import type { World } from './world.ts';

/** Changes of one object that come together are answered together after this long, milliseconds. */
export const SETTLE_MS = 50;
/** The same for sums over a region. */
const SUM_MS = 500;

/** What is watched. */
interface Watched {
  readonly caches: Caches;
  readonly world: World;
  readonly planning: Planning;
  readonly routing: RoutingPart;
}

/** Who is woken: the queue of each controller, of DAGs or regions or pods by their keys. */
interface Queues {
  readonly dags: WorkQueue;
  readonly regions: WorkQueue;
  readonly calico: WorkQueue;
  readonly gates: WorkQueue;
}

/** Says which change is whose business: from now on every change of a watched object wakes those whom it may concern, and nobody else. */
export function wake({ caches, world, planning, routing }: Watched, queues: Queues): void {
  const toDag = (_key: string, before?: KubeObject, after?: KubeObject): void => {
    const object = after ?? before;
    if (object !== undefined) for (const key of dagKeyOf(object)) queues.dags.addAfter(key, SETTLE_MS);
  };
  const sums = (): void => {
    for (const region of caches.regions.list()) queues.regions.addAfter(region.metadata.name, SUM_MS);
  };
  // A node that was lost or found may concern any plan; the decision itself is cheap.
  const everyDag = (): void => {
    sums();
    for (const dag of caches.dags.list()) queues.dags.addAfter(keyOf(dag), SETTLE_MS);
  };
  // Where there may be room now, a DAG that fitted nowhere may fit.
  world.onSupply(() => {
    for (const key of planning.hopeful()) queues.dags.addAfter(key, SETTLE_MS);
  });
  world.onExpectation((key) => routing.look(key));
  caches.dags.subscribe((key) => queues.dags.add(key));
  caches.plans.subscribe(toDag);
  caches.deployments.subscribe(toDag);
  caches.services.subscribe(toDag);
  caches.pods.subscribe((key, before, after) => {
    toDag(key, before, after);
    if (after !== undefined && isGated(after)) queues.gates.add(key);
    if (relevance.pod(before, after) !== 'none') sums();
  });
  caches.nodes.subscribe((_key, before, after) => {
    if (relevance.node(before, after) !== 'none') everyDag();
  });
  caches.regions.subscribe((key, before, after) => {
    queues.regions.addAfter(key, SETTLE_MS);
    if (relevance.region(before, after) === 'none') return;
    everyDag();
    // The ranks of one region depend on the links of all.
    for (const region of caches.regions.list()) queues.calico.addAfter(region.metadata.name, SUM_MS);
  });
  caches.leases.subscribe((key) => {
    const region = regionOfLease(key);
    if (region !== undefined) queues.regions.addAfter(region, SETTLE_MS);
  });
}
