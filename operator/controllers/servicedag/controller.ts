import type { ReconcileContext } from '#kube/controller.ts';
import { deepEqual } from '#kube/equal.ts';
import { removeFinalizer } from '#kube/finalizer.ts';
import { Waiting } from '#kube/outcome.ts';
import type { Caches } from '../../caches.ts';
import { SERVICEDAG } from '../../kinds.ts';
import { handoverOf } from '../../moves.ts';
import type { CachedDag, CachedPlan } from '../../objects.ts';
import { Blocked, carryOut, cleanUp, setPhase } from './apply.ts';
import type { RoutingReport } from '../routing/report.ts';
import type { Report as TelemetryReport } from '../telemetry/report.ts';
import type { Urgency } from '../telemetry/trouble.ts';
import { decide } from './decide.ts';
import type { Input } from './input.ts';
import { placedEvent } from './events.ts';
import { FINALIZER } from './finalizer.ts';
import { gather } from './gather.ts';
import { invalidSpecStatus } from './invalid-spec.ts';
import type { Planning, PlanningShell } from './planning.ts';
import { statusOf } from './status.ts';
import type { Blockade, Status } from './status.ts';

/** Without contact for this long, caches are too old to act on (architecture section 2). */
const STALE_MS = 30_000;
/** How soon a DAG is looked at again while a replica of it has no node: an agent that cannot place it does not say so here. */
const LOOK_AGAIN_MS = 2_000;
/** Counts of a rollout are told this often at most; a condition that changes is told at once. */
const PROGRESS_MS = 1_000;
/** How soon a write that was refused is tried again: what was in its way may have gone. */
const BLOCKED_MS = 10_000;

/** What the controller works with. */
export interface Shell extends PlanningShell {
  readonly caches: Caches;
  readonly planning: Planning;
  /** Where the agents' Leases are. */
  readonly namespace: string;
  /** How long a plan is in force before it is looked over; 10 minutes when left out. */
  readonly windowMs?: number | undefined;
  /** What routing says of a DAG (`namespace/name`). */
  readonly routing: (key: string) => RoutingReport | undefined;
  /** What is measured; undefined where nobody measures. */
  readonly telemetry?:
    | {
        report(key: string): TelemetryReport | undefined;
        urgency(key: string): Urgency | undefined;
        /** Hears that a plan was made because of an urgency. */
        replanned(key: string): void;
      }
    | undefined;
}

/** ServiceDAG → plan → Deployments and Services → status. */
export class ServiceDagController {
  readonly #shell: Shell;
  /** When the status of each DAG was last written. */
  readonly #written = new Map<string, number>();

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  /** Brings one DAG (`namespace/name`) a step closer to what its spec says. */
  async reconcile(key: string, context: ReconcileContext): Promise<void> {
    const { caches, world } = this.#shell;
    const doubt = caches.doubt(STALE_MS);
    if (doubt !== undefined) throw new Waiting('StaleCache', 1_000, doubt);
    const found = caches.dags.get(key);
    if (found === undefined) return this.#forget(key);
    if (found.metadata.deletionTimestamp !== undefined) return this.#cleanUp(key, found, context.signal);
    const dag = world.dag(key);
    if (dag === undefined) {
      await this.#writeStatus(key, found, invalidSpecStatus(found, this.#nowIso()), context);
      return;
    }
    await this.#bring(key, dag, context);
  }

  async #bring(key: string, dag: CachedDag, context: ReconcileContext): Promise<void> {
    const { planning, world } = this.#shell;
    const decision = decide(this.#gather(key, dag));
    switch (decision.kind) {
      case 'cleanup':
        return this.#cleanUp(key, dag, context.signal);
      case 'refuse':
        planning.refused(key, decision.reason, decision.message);
        break;
      case 'hold':
        planning.holds(key);
        break;
      case 'plan':
        await planning.plan({ ...context, ...decision, key });
        this.#answered(key);
        break;
      case 'wait':
        break;
      default:
        throw new Error(`unknown decision ${JSON.stringify(decision satisfies never)}`);
    }
    const plan = world.planFor(dag);
    const fits = plan !== undefined && plan.spec.dag.generation === dag.metadata.generation;
    // Until a plan for the new spec is there, what runs by the old one is left alone.
    const blockade =
      fits && decision.kind !== 'refuse' ? await this.#carryOut(key, dag, plan, context.signal) : undefined;
    const seen = this.#gather(key, dag);
    const untoldMs = await this.#report(key, seen, blockade, context);
    this.#comeBack(seen, decision.kind === 'refuse', blockade, untoldMs);
  }

  #gather(key: string, dag: CachedDag): Input {
    const urgency = (of: string): Urgency | undefined => this.#shell.telemetry?.urgency(of);
    return gather(key, dag, { ...this.#shell, nowMs: this.#shell.nowMs(), urgency });
  }

  /** An urgency that the planner has answered, whatever it said, is not asked about again at once. */
  #answered(key: string): void {
    const { planning, telemetry } = this.#shell;
    if (telemetry?.urgency(key) !== undefined && planning.last(key)?.outcome !== 'unavailable')
      telemetry.replanned(key);
  }

  async #carryOut(
    key: string,
    dag: CachedDag,
    plan: CachedPlan,
    signal: AbortSignal,
  ): Promise<Blockade | undefined> {
    const { transport, caches, nowMs } = this.#shell;
    const { pods } = this.#gather(key, dag);
    try {
      const order = { dag, plan, pods, handover: handoverOf(plan, pods, nowMs()) };
      await carryOut(transport, caches, order, signal);
      return undefined;
    } catch (error) {
      if (error instanceof Blocked) return { reason: error.reason, message: error.message };
      throw error;
    }
  }

  async #report(
    key: string,
    { dag, plan, pods }: Input,
    blockade: Blockade | undefined,
    context: ReconcileContext,
  ): Promise<number> {
    const { caches, planning, transport } = this.#shell;
    const deployments = caches.deployments.by('dag', key);
    const seen = {
      dag,
      plan,
      pods,
      deployments,
      blockade,
      planning: planning.state(key),
      routing: this.#shell.routing(key),
      telemetry: this.#shell.telemetry === undefined ? ('off' as const) : this.#shell.telemetry.report(key),
      nowIso: this.#nowIso(),
    };
    const status = statusOf(seen);
    const untoldMs = await this.#writeStatus(key, dag, status, context);
    const isPlaced = isTrue(status, 'Placed');
    if (isPlaced && !isTrue(dag.status, 'Placed')) this.#shell.events.record(dag, placedEvent(pods.length));
    if (isTrue(dag.status, 'WithinQoS') && isFalse(status, 'WithinQoS'))
      this.#shell.metrics.violated(dag.spec.class);
    if (plan === undefined) return untoldMs;
    const phase = isPlaced || plan.status?.phase === 'Adopted' ? 'Adopted' : 'Dispatched';
    await setPhase(transport, plan, phase, context.signal);
    return untoldMs;
  }

  /**
   * Writes a status that differs from the one that is there; a field that went away is removed. A difference in counts alone waits
   * until the last write is a while ago: returns for how long, 0 when everything is told.
   */
  async #writeStatus(
    key: string,
    dag: CachedDag,
    status: Status,
    { signal }: ReconcileContext,
  ): Promise<number> {
    const before = dag.status ?? {};
    if (deepEqual(before, status)) return 0;
    const nowMs = this.#shell.nowMs();
    const leftMs = (this.#written.get(key) ?? -Infinity) + PROGRESS_MS - nowMs;
    if (leftMs > 0 && leftMs <= PROGRESS_MS && sameNews(before, status)) return leftMs;
    this.#written.set(key, nowMs);
    const removed = Object.keys(before).filter((field) => !(field in status));
    const body = { status: { ...status, ...Object.fromEntries(removed.map((field) => [field, null])) } };
    const { name, namespace } = dag.metadata;
    const { transport } = this.#shell;
    await transport.patchMerge(SERVICEDAG, name, namespace, body, { subresource: 'status', signal });
    return 0;
  }

  /** Throws `Waiting` when something may change without a word: time passes, the planner comes back, an agent gives up. */
  #comeBack(seen: Input, refused: boolean, blockade: Blockade | undefined, untoldMs: number): void {
    if (untoldMs > 0) throw new Waiting('Progress', untoldMs, 'counts of the status are told then');
    if (refused) return; // an edit of the spec or of a region brings it back
    const next = decide(seen);
    if (next.kind === 'wait') throw new Waiting(next.why, next.afterMs, 'a plan is asked for again');
    if (next.kind === 'plan') throw new Waiting(next.why, 1, 'a plan is asked for');
    if (blockade !== undefined) throw new Waiting(blockade.reason, BLOCKED_MS, blockade.message);
    const { againMs } = seen.plan === undefined ? {} : handoverOf(seen.plan, seen.pods, seen.nowMs);
    if (againMs !== undefined) throw new Waiting('Moving', againMs, 'a replica ends where it was');
    if (seen.pods.some((pod) => pod.spec.nodeName === undefined))
      throw new Waiting('PodsWait', LOOK_AGAIN_MS, 'replicas wait for a node');
  }

  async #cleanUp(key: string, dag: CachedDag, signal: AbortSignal): Promise<void> {
    const { transport, caches } = this.#shell;
    await cleanUp(transport, caches, key, dag.metadata.uid ?? '', signal);
    await removeFinalizer(transport, SERVICEDAG, dag, FINALIZER);
    this.#forget(key);
  }

  #forget(key: string): void {
    this.#shell.planning.forget(key);
    this.#written.delete(key);
  }

  #nowIso(): string {
    return new Date(this.#shell.nowMs()).toISOString().replace(/\.\d+Z$/, 'Z');
  }
}

/** Conditions, plan and generation are the same: what differs are counts and the sentences about them. */
const sameNews = (before: Status, after: Status): boolean => {
  const news = ({ conditions = [], plan, observedGeneration }: Status): unknown => [
    conditions.map(({ type, status, reason }) => [type, status, reason]),
    plan,
    observedGeneration,
  ];
  return deepEqual(news(before), news(after));
};

const has = (status: Status | undefined, type: string, value: string): boolean =>
  status?.conditions?.some((condition) => condition.type === type && condition.status === value) === true;
const isTrue = (status: Status | undefined, type: string): boolean => has(status, type, 'True');
const isFalse = (status: Status | undefined, type: string): boolean => has(status, type, 'False');
