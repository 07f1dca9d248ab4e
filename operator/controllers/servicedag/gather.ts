import type { Caches } from '../../caches.ts';
import { BY_DAG } from '../../caches.ts';
import { agentLease } from '../../kinds.ts';
import { agentHasHadTime } from '../../agent-lease.ts';
import { keyOf } from '#world/objects.ts';
import type { CachedDag, CachedPlan } from '../../objects.ts';
import type { World } from '../../world.ts';
import type { Urgency } from '../telemetry/trouble.ts';
import type { Attempt } from './attempt.ts';
import type { Input } from './input.ts';
import { measuredCounts } from './replicas.ts';

/** Where a decision is gathered from. */
export interface Sources {
  readonly caches: Caches;
  readonly world: World;
  /** What was asked of the planner before. */
  readonly planning: {
    last(key: string): Attempt | undefined;
    groundBefore(key: string, now: string): string;
  };
  /** Where the agents' Leases are. */
  readonly namespace: string;
  readonly nowMs: number;
  /** How long a plan is in force before it is looked over; 10 minutes when left out (architecture section 2). */
  readonly windowMs?: number | undefined;
  /** Why a ServiceDAG should be planned anew, by what is measured. */
  readonly urgency: (key: string) => Urgency | undefined;
}

const WINDOW_MS = 600_000;

/** Everything that a decision about one DAG looks at: every read, all from memory. */
export function gather(key: string, dag: CachedDag, from: Sources): Input {
  const { caches, world, planning, namespace, nowMs, windowMs = WINDOW_MS } = from;
  const regions = world.regions();
  const names = regions.map((region) => region.metadata.name);
  const plan = world.planFor(dag);
  return {
    dag,
    regions,
    readyNodes: world.readyNodes(),
    agents: new Set(
      names.filter((name) => agentHasHadTime(caches.leases.get(`${namespace}/${agentLease(name)}`), nowMs)),
    ),
    plan,
    pods: caches.pods.by(BY_DAG, key).filter((pod) => pod.metadata.deletionTimestamp === undefined),
    nowMs,
    supply: world.supply,
    last: planning.last(key),
    urgency: from.urgency(key),
    ground: { now: world.ground, before: planning.groundBefore(key, world.ground) },
    wanted: wantedOf(key, world, plan, nowMs),
    windowMs,
  };
}

/** Replicas that the measured requests want of each microservice: with declared ones alone nothing is scaled. */
function wantedOf(key: string, world: World, plan: CachedPlan | undefined, nowMs: number): Input['wanted'] {
  if (world.expected(key) === undefined) return undefined;
  const { objects, snapshot } = world.now(nowMs);
  const dag = objects.dags.find((one) => keyOf(one) === key);
  return dag === undefined ? undefined : measuredCounts(snapshot, dag, plan);
}
