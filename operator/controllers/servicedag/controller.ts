import { isConflict } from '#kube/api-error.ts';
import { deepEqual } from '#kube/equal.ts';
import type { EventRecorder } from '#kube/events.ts';
import { ensureFinalizer, removeFinalizer } from '#kube/finalizer.ts';
import type { ReconcileContext } from '#kube/controller.ts';
import { Waiting } from '#kube/outcome.ts';
import type { Transport } from '#kube/transport.ts';
import type { Caches } from '../../caches.ts';
import { BY_DAG } from '../../caches.ts';
import { DEPLOYMENTPLAN, SERVICEDAG } from '../../kinds.ts';
import type { OperatorMetrics } from '../../metrics.ts';
import type { CachedDag, CachedPlan, CachedPod } from '../../objects.ts';
import { askPlanner, PlannerUnavailable } from '../../planner-client.ts';
import type { PlanAnswer } from '../../planner-client.ts';
import type { World } from '../../world.ts';
import { carryOut, cleanUp, setPhase } from './apply.ts';
import { decide } from './decide.ts';
import { infeasible, placed, plannedEvent } from './events.ts';
import { planObject } from './plan-object.ts';
import type { Planning } from './status.ts';
import { statusOf } from './status.ts';

/** What holds a ServiceDAG back until everything of it is gone. */
const FINALIZER = 'edgeloom.dev/cleanup';
/** When an infeasible DAG is tried again without a change in the world. */
const INFEASIBLE_MS = 15_000;
const PLANNER_AWAY_MS = 2_000;
/** Without contact for this long, caches are too old to act on (architecture section 2). */
const STALE_MS = 30_000;
/** How soon a plan in force is looked at again while something of it waits. */
const LOOK_AGAIN_MS = 2_000;

/** What the controller works with. */
export interface Shell {
  readonly transport: Transport;
  readonly caches: Caches;
  readonly world: World;
  readonly plannerUrl: string;
  readonly events: EventRecorder;
  readonly metrics: OperatorMetrics;
  readonly nowMs: () => number;
}

/** ServiceDAG → plan → Deployments and Services → status. */
export class ServiceDagController {
  readonly #shell: Shell;
  readonly #lastPlannedMs = new Map<string, number>();
  readonly #planning = new Map<string, Planning>();
  /** One plan at a time: the next one must see what the last one holds. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  /** Brings one DAG (`namespace/name`) a step closer to what its spec says. */
  async reconcile(key: string, { signal, log }: ReconcileContext): Promise<void> {
    const { caches, world, transport, nowMs } = this.#shell;
    const doubt = caches.doubt(STALE_MS);
    if (doubt !== undefined) throw new Waiting('StaleCache', 1_000, doubt);
    const found = caches.dags.get(key);
    if (found === undefined) {
      this.#forget(key);
      return;
    }
    const dag = world.dag(key);
    if (dag === undefined) {
      log.warn({ dag: key }, 'spec is not as the schema says: is the CRD older than the operator?');
      return;
    }
    const pods = caches.pods.by(BY_DAG, key).filter((pod) => pod.metadata.deletionTimestamp === undefined);
    const plan = world.planFor(dag);
    const decision = decide({
      dag,
      snapshot: world.ground(),
      plan,
      pods,
      nowMs: nowMs(),
      lastPlannedMs: this.#lastPlannedMs.get(key),
    });
    switch (decision.kind) {
      case 'cleanup':
        await cleanUp(transport, caches, key, signal);
        await removeFinalizer(transport, SERVICEDAG, found, FINALIZER);
        this.#forget(key);
        return;
      case 'refuse':
        this.#planning.set(key, { kind: 'refused', reason: decision.reason, message: decision.message });
        await this.#writeStatus(key, dag, plan, pods, signal);
        return;
      case 'plan':
        log.info({ dag: key, why: decision.why, keep: decision.keep }, 'planning');
        await this.#plan(key, dag, decision.keep, signal);
        break;
      case 'carryOut':
        break;
      default:
        throw new Error(`unknown decision ${JSON.stringify(decision satisfies never)}`);
    }
    const inForce = world.planFor(dag);
    if (inForce !== undefined) await carryOut(transport, caches, dag, inForce, signal);
    await this.#writeStatus(key, dag, inForce, pods, signal);
    this.#comeBack(key, pods);
  }

  /** Asks the planner and writes the plan, alone: a failure leaves the last plan in force. */
  async #plan(key: string, dag: CachedDag, keep: boolean, signal: AbortSignal): Promise<void> {
    const turn = this.#turn.then(() => this.#planNow(key, dag, keep, signal));
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  async #planNow(key: string, dag: CachedDag, keep: boolean, signal: AbortSignal): Promise<void> {
    const { transport, world, events, metrics, nowMs } = this.#shell;
    await ensureFinalizer(transport, SERVICEDAG, dag, FINALIZER);
    this.#lastPlannedMs.set(key, nowMs());
    let answer: PlanAnswer;
    try {
      answer = await this.#ask(key, dag, keep, signal);
      // What is bound may be what makes it infeasible: then running replicas are not a reason to have no plan.
      if (!answer.feasible && keep) answer = await this.#ask(key, dag, false, signal);
    } catch (error) {
      if (!(error instanceof PlannerUnavailable)) throw error;
      metrics.plannerAway();
      this.#planning.set(key, { kind: 'unavailable', message: error.message });
      this.#lastPlannedMs.delete(key);
      return;
    }
    metrics.planned(answer.source, answer.feasible);
    if (!answer.feasible) {
      const message = answer.violations
        .filter((v) => v.hard)
        .slice(0, 4)
        .map((v) => `${v.constraint}: ${v.message}`)
        .join('; ');
      this.#planning.set(key, { kind: 'infeasible', message });
      events.record(dag, infeasible(message));
      return;
    }
    const window = (world.planFor(dag)?.spec.window ?? 0) + 1;
    const plan = await this.#create(planObject(dag, window, answer), signal);
    world.assume(plan);
    metrics.predicted(dag.spec.class, (answer.predicted?.latencyMicros ?? 0) / 1e6);
    this.#planning.set(key, { kind: 'planned', answer });
    events.record(dag, plannedEvent(plan));
  }

  #ask(key: string, dag: CachedDag, keep: boolean, signal: AbortSignal): Promise<PlanAnswer> {
    const { world, plannerUrl, nowMs } = this.#shell;
    const { objects } = world.now(nowMs());
    return askPlanner(plannerUrl, { objects, dag: key, keep, ranks: dag.spec.placement.candidates }, signal);
  }

  /** A plan of that name from before a restart is somebody's decision too: it is immutable, so take the next window. */
  async #create(plan: CachedPlan, signal: AbortSignal): Promise<CachedPlan> {
    for (let window = plan.spec.window; ; window++) {
      const named = {
        ...plan,
        metadata: { ...plan.metadata, name: `${plan.spec.dag.name}-${window}` },
        spec: { ...plan.spec, window },
      };
      try {
        return await this.#shell.transport.create(DEPLOYMENTPLAN, named, { signal });
      } catch (error) {
        if (!isConflict(error) || window > plan.spec.window + 16) throw error;
      }
    }
  }

  async #writeStatus(
    key: string,
    dag: CachedDag,
    plan: CachedPlan | undefined,
    pods: readonly CachedPod[],
    signal: AbortSignal,
  ): Promise<void> {
    const { transport, events, metrics, nowMs } = this.#shell;
    const planning = this.#planning.get(key) ?? { kind: 'planned', answer: undefined };
    // A refusal that was mended, or a failure that a plan has overtaken, is over.
    const status = statusOf({
      dag,
      planning,
      plan,
      pods,
      nowIso: new Date(nowMs()).toISOString().replace(/\.\d+Z$/, 'Z'),
    });
    const before = dag.status ?? {};
    if (deepEqual(before, status)) return;
    const removed = Object.keys(before).filter((field) => !(field in status));
    const body = { status: { ...status, ...Object.fromEntries(removed.map((field) => [field, null])) } };
    const { name, namespace } = dag.metadata;
    await transport.patchMerge(SERVICEDAG, name, namespace, body, { subresource: 'status', signal });
    const isTrue = (type: string, conditions = status.conditions): boolean =>
      conditions?.some((c) => c.type === type && c.status === 'True') === true;
    if (isTrue('Placed') && !isTrue('Placed', dag.status?.conditions))
      events.record(dag, placed(pods.length));
    if (!isTrue('WithinQoS') && plan !== undefined && isTrue('WithinQoS', dag.status?.conditions))
      metrics.violated(dag.spec.class);
    if (plan !== undefined)
      await setPhase(
        transport,
        plan,
        isTrue('Placed') ? 'Adopted' : plan.status?.phase === 'Adopted' ? 'Adopted' : 'Dispatched',
        signal,
      );
  }

  /** Throws `Waiting` when the world may help without telling: the planner comes back, room appears, an agent acts. */
  #comeBack(key: string, pods: readonly CachedPod[]): void {
    const planning = this.#planning.get(key);
    if (planning?.kind === 'unavailable')
      throw new Waiting('PlannerUnavailable', PLANNER_AWAY_MS, planning.message);
    if (planning?.kind === 'infeasible') throw new Waiting('Infeasible', INFEASIBLE_MS, planning.message);
    if (pods.some((pod) => pod.spec.nodeName === undefined))
      throw new Waiting('PodsWait', LOOK_AGAIN_MS, 'replicas wait for a node');
  }

  /** DAGs that a change of the world may help: no plan, or one that could not be made. */
  hopeful(): string[] {
    return [...this.#planning].filter(([, planning]) => planning.kind !== 'planned').map(([key]) => key);
  }

  #forget(key: string): void {
    this.#planning.delete(key);
    this.#lastPlannedMs.delete(key);
    this.#shell.world.forget(key);
  }
}
