import { DEPLOYMENT, SERVICE } from '#kube/kinds.ts';
import type { Kind } from '#kube/kinds.ts';
import { isNotFound } from '#kube/api-error.ts';
import type { Transport } from '#kube/transport.ts';
import type { Caches } from '../../caches.ts';
import { BY_DAG } from '../../caches.ts';
import { DEPLOYMENTPLAN, FIELD_MANAGER } from '../../kinds.ts';
import type { CachedDag, CachedPlan, Deployment, Service } from '../../objects.ts';
import { APPLIED_HASH, deployments, services } from './render.ts';

/** Plans kept of each DAG, the one in force included. */
const PLANS_KEPT = 2;

/** Makes Deployments, Services and plans of a DAG what they should be; writes only what differs. */
export async function carryOut(
  transport: Transport,
  caches: Caches,
  dag: CachedDag,
  plan: CachedPlan,
  signal: AbortSignal,
): Promise<void> {
  const key = `${dag.metadata.namespace ?? 'default'}/${dag.metadata.name}`;
  await sync(transport, SERVICE, services(dag), caches.services.by(BY_DAG, key), signal);
  await sync(transport, DEPLOYMENT, deployments(dag, plan), caches.deployments.by(BY_DAG, key), signal);
  await retirePlans(transport, caches.plans.by(BY_DAG, key), plan, signal);
}

async function sync<T extends Deployment | Service>(
  transport: Transport,
  kind: Kind,
  wanted: readonly T[],
  present: readonly T[],
  signal: AbortSignal,
): Promise<void> {
  const there = new Map(present.map((object) => [object.metadata.name, object]));
  for (const object of wanted) {
    if (same(object, there.get(object.metadata.name))) continue;
    await transport.apply(kind, object, { fieldManager: FIELD_MANAGER, force: true, signal });
  }
  const names = new Set(wanted.map((object) => object.metadata.name));
  for (const object of present) {
    if (names.has(object.metadata.name) || object.metadata.deletionTimestamp !== undefined) continue;
    await gone(
      transport.delete(kind, object.metadata.name, object.metadata.namespace, {
        propagationPolicy: 'Background',
        signal,
      }),
    );
  }
}

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

/** Removes what a DAG owns; the garbage collector would too, but later and only after the DAG itself. */
export async function cleanUp(
  transport: Transport,
  caches: Caches,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  for (const [kind, objects] of [
    [DEPLOYMENT, caches.deployments.by(BY_DAG, key)],
    [SERVICE, caches.services.by(BY_DAG, key)],
    [DEPLOYMENTPLAN, caches.plans.by(BY_DAG, key)],
  ] as const) {
    for (const { metadata } of objects) {
      if (metadata.deletionTimestamp !== undefined) continue;
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
