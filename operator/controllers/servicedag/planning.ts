import type { Counts } from '#world/scaling.ts';
import { isConflict } from '#kube/api-error.ts';
import type { EventRecorder } from '#kube/events.ts';
import { ensureFinalizer } from '#kube/finalizer.ts';
import type { Log } from '#kube/log.ts';
import { Waiting } from '#kube/outcome.ts';
import type { Transport } from '#kube/transport.ts';
import { DEPLOYMENTPLAN, SERVICEDAG } from '../../kinds.ts';
import type { OperatorMetrics } from '../../metrics.ts';
import { moveCount } from '../../moves.ts';
import type { CachedDag, CachedPlan } from '../../objects.ts';
import { askPlanner, PlannerUnavailable } from '../../planner-client.ts';
import type { PlanAnswer } from '../../planner-client.ts';
import type { World } from '../../world.ts';
import type { Attempt, Need } from './attempt.ts';
import { awayMs, MOVES_FOR } from './attempt.ts';
import { infeasibleEvent, plannedEvent } from './events.ts';
import { FINALIZER } from './finalizer.ts';
import { readPlan } from './fitting-answer.ts';
import { samePlacement } from './plan-object.ts';
import { fewerCounts, leastCounts } from './replicas.ts';
import type { PlanState } from './plan-state.ts';
import { infeasibleState } from './plan-state.ts';

/** What plans are made with. */
export interface PlanningShell {
  readonly transport: Transport;
  readonly world: World;
  readonly plannerUrl: string;
  /** File with the bearer token for the planner. */
  readonly plannerTokenFile?: string | undefined;
  readonly events: EventRecorder;
  readonly metrics: OperatorMetrics;
  readonly nowMs: () => number;
}

/** One wish for a plan. */
export interface Wish {
  readonly key: string;
  readonly why: Need;
  readonly keep: boolean;
  /** Replicas of each microservice. */
  readonly replicas: Counts;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Workers that wait for the planner at most: fewer than there are, so that one that hangs holds up no DAG that has its plan. */
const LONGEST_LINE = 2;
/** How soon a DAG that found the line full comes again. */
const LINE_MS = 50;

/** Asks the planner, one DAG at a time: the next one must see what the last plan holds. Remembers what came of it. */
export class Planning {
  readonly #shell: PlanningShell;
  readonly #attempts = new Map<string, Attempt>();
  readonly #states = new Map<string, PlanState>();
  readonly #grounds = new Map<string, string>();
  #turn: Promise<unknown> = Promise.resolve();
  #inLine = 0;
  /** The planner does not answer anybody: nobody waits for it until then. */
  #away = { tries: 0, untilMs: 0, message: '' };

  constructor(shell: PlanningShell) {
    this.#shell = shell;
  }

  /** The last attempt of this process. */
  last(key: string): Attempt | undefined {
    return this.#attempts.get(key);
  }

  /** What was read of the regions at the last attempt; before the first, when this was asked first. */
  groundBefore(key: string, now: string): string {
    const first = this.#grounds.get(key) ?? now;
    this.#grounds.set(key, first);
    return this.#attempts.get(key)?.ground ?? first;
  }

  /** How planning stands. */
  state(key: string): PlanState {
    return this.#states.get(key) ?? { kind: 'planned', answer: undefined };
  }

  /** The plan in force holds, whatever was said of it before. */
  holds(key: string): void {
    if (this.state(key).kind !== 'planned') this.#states.set(key, { kind: 'planned', answer: undefined });
  }

  /** The spec cannot be planned. */
  refused(key: string, reason: string, message: string): void {
    this.#states.set(key, { kind: 'refused', reason, message });
  }

  /** DAGs that could not be planned. */
  hopeful(): string[] {
    return [...this.#states].filter(([, { kind }]) => kind !== 'planned').map(([key]) => key);
  }

  /** Forgets a DAG that is gone. */
  forget(key: string): void {
    this.#attempts.delete(key);
    this.#states.delete(key);
    this.#grounds.delete(key);
    this.#shell.world.forget(key);
  }

  /** Tries to make a plan and to write it; without one the last plan stays in force. Throws `Waiting` when the line is full. */
  async plan(wish: Wish): Promise<void> {
    if (this.#inLine >= LONGEST_LINE) throw new Waiting('PlannerBusy', LINE_MS, 'others are being planned');
    this.#inLine++;
    const turn = this.#turn.then(() => this.#planNow(wish));
    this.#turn = turn.catch(() => undefined);
    try {
      await turn;
    } finally {
      this.#inLine--;
    }
  }

  async #planNow(wish: Wish): Promise<void> {
    const { transport, world, nowMs } = this.#shell;
    const { key, replicas, signal, log } = wish;
    signal.throwIfAborted();
    // The turn may have been long: the DAG as it is now.
    const dag = world.dag(key);
    if (dag === undefined || dag.metadata.deletionTimestamp !== undefined) return;
    await ensureFinalizer(transport, SERVICEDAG, dag, FINALIZER);
    const { supply, ground } = world;
    const done = (outcome: Attempt['outcome'], state: PlanState): void => {
      const before = this.#attempts.get(key);
      const tries = before?.outcome === outcome ? before.tries + 1 : 1;
      const { generation } = dag.metadata;
      // What was asked in vain because nobody answered is asked for again.
      const [asked, read] =
        outcome === 'unavailable' ? [{}, this.groundBefore(key, ground)] : [replicas, ground];
      this.#attempts.set(key, {
        atMs: nowMs(),
        generation,
        outcome,
        supply,
        replicas: asked,
        ground: read,
        tries,
      });
      // A plan that is looked over goes on as it was when nobody answers.
      if (outcome !== 'unavailable' || wish.why !== 'WindowOver') this.#states.set(key, state);
    };
    try {
      const answer = await this.#ask(dag, wish);
      log.info({ dag: key, why: wish.why, keep: wish.keep, feasible: answer.feasible }, 'planned');
      if (answer.feasible) await this.#dispatch(dag, answer, signal);
      else this.#shell.events.record(dag, infeasibleEvent(infeasibleState(answer).message));
      done(
        answer.feasible ? 'planned' : 'infeasible',
        answer.feasible ? { kind: 'planned', answer } : infeasibleState(answer),
      );
    } catch (error) {
      if (!(error instanceof PlannerUnavailable)) throw error;
      log.warn({ dag: key, err: error.message }, 'no plan');
      done('unavailable', { kind: 'unavailable', message: error.message });
    }
  }

  async #ask(dag: CachedDag, { key, keep, replicas, why, signal }: Wish): Promise<PlanAnswer> {
    const { world, plannerUrl: url, plannerTokenFile: tokenFile, metrics, nowMs } = this.#shell;
    if (nowMs() < this.#away.untilMs) throw new PlannerUnavailable(this.#away.message, false);
    const { candidates: ranks, moveBudget } = dag.spec.placement;
    const ask = async (kept: boolean, moves = 0, counts = replicas): Promise<PlanAnswer> => {
      const { objects } = world.now(nowMs());
      const question = { objects, dag: key, keep: kept, moves, replicas: counts, ranks };
      const answer = await askPlanner({ url, tokenFile }, question, signal);
      metrics.planned(answer.source, answer.feasible);
      return answer;
    };
    try {
      // What runs is moved to keep a limit that is broken, or to make room without which there is no plan.
      const moves = MOVES_FOR.has(why) ? moveBudget : 0;
      const answer = await ask(keep, keep ? moves : 0);
      this.#away = { tries: 0, untilMs: 0, message: '' };
      if (answer.feasible) return answer;
      for (const fewer of fewerCounts(dag, world.planFor(dag), replicas)) {
        const other = await ask(keep, keep ? moves : 0, fewer);
        if (other.feasible) return other;
      }
      if (!keep) return answer;
      const least = leastCounts(dag);
      // A new spec makes new pods anyway: that the old ones run is no reason to have no plan.
      if (why === 'SpecChanged') return await ask(false, 0, least);
      const other = moves < moveBudget ? await ask(true, moveBudget, least) : answer;
      return other.feasible ? other : answer;
    } catch (error) {
      if (error instanceof PlannerUnavailable && !error.refused) {
        metrics.plannerAway();
        const tries = this.#away.tries + 1;
        this.#away = { tries, untilMs: nowMs() + awayMs(tries), message: error.message };
      }
      throw error;
    }
  }

  /** Writes the plan, unless the one in force says the same already. */
  async #dispatch(dag: CachedDag, answer: PlanAnswer, signal: AbortSignal): Promise<void> {
    const { world, events, metrics } = this.#shell;
    const before = world.planFor(dag);
    const wanted = readPlan(dag, (before?.spec.window ?? 0) + 1, answer);
    if (before !== undefined && samePlacement(before, wanted)) return;
    const plan = await this.#create(wanted, signal);
    world.assume(plan);
    metrics.predicted(dag.spec.class, (answer.predicted?.latencyMicros ?? 0) / 1e6);
    metrics.moved(dag.spec.class, moveCount(plan));
    events.record(dag, plannedEvent(plan));
  }

  /** A plan of that name from before a restart is a decision too, and immutable: take the next window. */
  async #create(plan: CachedPlan, signal: AbortSignal): Promise<CachedPlan> {
    for (let window = plan.spec.window; ; window++) {
      const name = `${plan.spec.dag.name}-${window}`;
      const named = { ...plan, metadata: { ...plan.metadata, name }, spec: { ...plan.spec, window } };
      try {
        return await this.#shell.transport.create(DEPLOYMENTPLAN, named, { signal });
      } catch (error) {
        if (!isConflict(error) || window > plan.spec.window + 16) throw error;
      }
    }
  }
}
