import { DEPLOYMENT, SERVICE } from '#kube/kinds.ts';
import type { Kind } from '#kube/kinds.ts';
import { ApiError, isNotFound } from '#kube/api-error.ts';
import { keyOf } from '#kube/object.ts';
import type { KubeObject } from '#kube/object.ts';
import { ownedBy } from '#kube/owner.ts';
import type { Store } from '#kube/store.ts';
import type { Transport } from '#kube/transport.ts';
import type { Caches } from '../../caches.ts';
import { BY_DAG } from '../../caches.ts';
import { DEPLOYMENTPLAN, FIELD_MANAGER } from '../../kinds.ts';
import type { Handover } from '../../moves.ts';
import type { CachedDag, CachedPlan, CachedPod, Deployment, Service } from '../../objects.ts';
import { ROLE } from '../../routing/objects.ts';
import { endingOf, markEnding } from './marks.ts';
import { APPLIED_HASH, deployments, services } from './render.ts';

/** Plans kept of each DAG, the one in force included. */
const PLANS_KEPT = 2;

/** Something of a DAG cannot be written as it is: a person has to change the spec, or what is in its way. */
export class Blocked extends Error {
  override readonly name = 'Blocked';
  readonly reason: string;
  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** What is carried out. */
export interface Order {
  readonly dag: CachedDag;
  readonly plan: CachedPlan;
  /** Pods of the DAG, and how far those are that the plan moves. */
  readonly pods: readonly CachedPod[];
  readonly handover: Handover;
}

/** Makes Deployments, Services and plans of a DAG what they should be; writes only what differs. Throws `Blocked`. */
export async function carryOut(
  transport: Transport,
  caches: Caches,
  { dag, plan, pods, handover: { moves, staying } }: Order,
  signal: AbortSignal,
): Promise<void> {
  const key = keyOf(dag);
  const common = { transport, signal, uid: dag.metadata.uid ?? '' };
  const { services: haveServices, deployments: haveDeployments } = caches;
  await sync({ ...common, kind: SERVICE, store: haveServices, key }, services(dag));
  const wanted = deployments(dag, plan, staying);
  const shrinking = new Set(
    wanted
      .filter((object) => (haveDeployments.get(keyOf(object))?.spec.replicas ?? 0) > object.spec.replicas)
      .map(({ metadata }) => metadata.name),
  );
  // Before their Deployment shrinks: what its ReplicaSet ends first is chosen by the marks.
  await markEnding(transport, pods, endingOf(plan, pods, moves, shrinking), signal);
  await sync({ ...common, kind: DEPLOYMENT, store: haveDeployments, key }, wanted);
  await retirePlans(transport, caches.plans.by(BY_DAG, key), plan, signal);
}

interface Sync<T extends Deployment | Service> {
  readonly transport: Transport;
  readonly signal: AbortSignal;
  readonly kind: Kind;
  readonly store: Store<T>;
  /** `namespace/name` and uid of the ServiceDAG. */
  readonly key: string;
  readonly uid: string;
}

async function sync<T extends Deployment | Service>(by: Sync<T>, wanted: readonly T[]): Promise<void> {
  const { transport, kind, signal } = by;
  for (const object of wanted) {
    const present = by.store.get(keyOf(object));
    if (present !== undefined && !ownedBy(present, by.uid)) throw nameTaken(kind, object);
    if (!same(object, present)) await apply(by, object, present !== undefined);
  }
  const names = new Set(wanted.map((object) => object.metadata.name));
  for (const object of by.store.by(BY_DAG, by.key)) {
    const { metadata } = object;
    // What routing made is routing's to remove.
    if (metadata.labels?.[ROLE] !== undefined) continue;
    // The label alone makes nothing ours: anybody may write it.
    if (!ownedBy(object, by.uid) || names.has(metadata.name) || metadata.deletionTimestamp !== undefined)
      continue;
    const options = { propagationPolicy: 'Background', signal } as const;
    await gone(transport.delete(kind, metadata.name, metadata.namespace, options));
  }
}

/** What is not known to be ours is not taken by force: somebody else's object may have the name. */
async function apply<T extends Deployment | Service>(
  { transport, kind, signal }: Sync<T>,
  object: T,
  force: boolean,
): Promise<void> {
  try {
    await transport.apply(kind, object, { fieldManager: FIELD_MANAGER, force, signal });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === 409 && !force) throw nameTaken(kind, object, error);
    if (![400, 403, 422].includes(error.code)) throw error;
    throw new Blocked('Refused', `${kind.kind} ${object.metadata.name}: ${error.message}`, { cause: error });
  }
}

const nameTaken = (kind: Kind, { metadata }: KubeObject, cause?: unknown): Blocked =>
  new Blocked(
    'NameTaken',
    `${kind.kind} ${metadata.name} is there already and belongs to somebody else: rename the ServiceDAG or the microservice`,
    { cause },
  );

/** Same hash, and nobody has scaled it by hand. */
function same(wanted: Deployment | Service, present: Deployment | Service | undefined): boolean {
  if (present === undefined) return false;
  if (present.metadata.annotations?.[APPLIED_HASH] !== wanted.metadata.annotations?.[APPLIED_HASH])
    return false;
  return (
    !('replicas' in wanted.spec) ||
    !('replicas' in present.spec) ||
    wanted.spec.replicas === present.spec.replicas
  );
}

async function retirePlans(
  transport: Transport,
  plans: readonly CachedPlan[],
  current: CachedPlan,
  signal: AbortSignal,
): Promise<void> {
  const older = plans
    .filter(
      (plan) => plan.metadata.name !== current.metadata.name && plan.metadata.deletionTimestamp === undefined,
    )
    .toSorted((a, b) => b.spec.window - a.spec.window);
  for (const [age, plan] of older.entries()) {
    const { name, namespace } = plan.metadata;
    if (age + 1 >= PLANS_KEPT) await gone(transport.delete(DEPLOYMENTPLAN, name, namespace, { signal }));
    else if (plan.status?.phase !== 'Superseded') await setPhase(transport, plan, 'Superseded', signal);
  }
}

/** Writes how far a plan has come; nothing when it says so already. */
export async function setPhase(
  transport: Transport,
  plan: CachedPlan,
  phase: 'Dispatched' | 'Adopted' | 'Superseded',
  signal: AbortSignal,
): Promise<void> {
  if (plan.status?.phase === phase) return;
  const { name, namespace } = plan.metadata;
  await gone(
    transport.patchMerge(
      DEPLOYMENTPLAN,
      name,
      namespace,
      { status: { phase } },
      { subresource: 'status', signal },
    ),
  );
}

/** Removes what a DAG (`namespace/name`, uid) owns; the garbage collector would too, but later and only after the DAG itself. */
export async function cleanUp(
  transport: Transport,
  caches: Caches,
  key: string,
  uid: string,
  signal: AbortSignal,
): Promise<void> {
  for (const [kind, objects] of [
    [DEPLOYMENT, caches.deployments.by(BY_DAG, key)],
    [SERVICE, caches.services.by(BY_DAG, key)],
    [DEPLOYMENTPLAN, caches.plans.by(BY_DAG, key)],
  ] as const) {
    for (const object of objects) {
      const { metadata } = object;
      if (!ownedBy(object, uid) || metadata.deletionTimestamp !== undefined) continue;
      await gone(
        transport.delete(kind, metadata.name, metadata.namespace, {
          propagationPolicy: 'Background',
          signal,
        }),
      );
    }
  }
}

/** Waits for a call on an object that may have gone in the meantime. */
async function gone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
