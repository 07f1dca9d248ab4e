import type { ServiceDAG } from '#crds/servicedag.ts';
import { EASE } from '#planner/plan-options.ts';
import { planDag } from '#planner/plan.ts';
import type { Recall } from '#planner/recall.ts';
import { HYSTERESIS, replan } from '#planner/replan.ts';
import type { Replan } from '#planner/replan.ts';
import { wrongness } from '#planner/search/refine.ts';
import { sourceOf } from '#planner/sources.ts';
import { Evaluator } from '#world/evaluator.ts';
import { instanceOf } from '#world/instance.ts';
import type { Instance } from '#world/instance.ts';
import type { Judgement } from '#world/judge.ts';
import { keyOf } from '#world/objects.ts';
import { roomOf } from '#world/scaling.ts';
import type { Counts } from '#world/scaling.ts';
import { shortlist } from '#world/shortlist.ts';
import type { Snapshot } from '#world/snapshot.ts';
import { refuseLarge } from './exact.ts';
import type { Decided } from './memory.ts';
import type { Recipe } from './recipe.ts';
import { countsOf, leastOf, scaledCounts, serveOf, total } from './replicas.ts';
import type { Found } from './settle.ts';
import type { Standing } from './standing.ts';
import { fills, quickTarget, recalledTarget } from './targets.ts';

/** Hosts that a DAG's search sees, and the effort of it: 48 DAGs on 200 nodes in about 2 s. */
const HOSTS = 48;
const BUDGET_MS = 5;
/** Loss of J since the last whole plan from which one is made anew, if the move budget could follow it. */
const WORSE = 1.1;
/** Moves of one step of local search: more need a whole plan to go towards. */
const STEP = 2;
/** Time after which the exact planner gives what it has: the only limit here that is a clock. */
const EXACT_MS = 10_000;

/** What was found for a DAG, and by whom. */
interface Proposal {
  readonly instance: Instance;
  readonly found: Found | undefined;
  readonly source: Decided['policy'];
}

/** How a recipe plans one DAG in a world. It remembers nothing. */
export class Planning {
  readonly #recipe: Recipe;

  constructor(recipe: Recipe) {
    this.#recipe = recipe;
  }

  /** The whole plan of the planner, with as many replicas as the load wants and the world has room for, or the least. */
  async first(
    world: Snapshot,
    dag: ServiceDAG,
    recall: Recall | undefined,
  ): Promise<Proposal & { readonly wanted: Counts }> {
    const { name: orchestrator, planner, scale, steer } = this.#recipe;
    const plain = instanceOf(world, dag);
    const least = leastOf(dag);
    const wanted = scale ? scaledCounts(dag, least, serveOf(plain)) : least;
    const capped = scale ? scaledCounts(dag, least, serveOf(plain), roomOf(plain)) : least;
    for (const counts of total(capped) > total(least) ? [capped, least] : [least]) {
      if (planner === 'milp') refuseLarge(orchestrator, plain, counts);
      const { best, feasible, source } = await planDag(world, dag, {
        objective: 'utility',
        budgetMs: this.#budgetMs,
        planner,
        hosts: this.#hosts,
        ease: EASE,
        fractions: steer ? 'joint' : 'even',
        replicas: (name) => counts[name] ?? 1,
        ...(recall === undefined ? {} : { recall }),
      });
      if (!feasible && counts !== least) continue;
      const instance = instanceOf(world, dag, (name) => counts[name] ?? 1);
      const found = best && { assign: tasksOf(instance, best.assignments), judgement: best };
      return { instance, wanted, found, source };
    }
    throw new Error(`nothing was tried for ${keyOf(dag)}`);
  }

  /** A plan near to what runs; undefined where nothing is to change. `cost` is what later plans are measured by. */
  async again(
    world: Snapshot,
    dag: ServiceDAG,
    before: Standing,
    wanted: Counts,
    recall: Recall | undefined,
  ): Promise<(Proposal & { readonly cost: number }) | undefined> {
    const { planner, once, effort } = this.#recipe;
    const mends = before.replicas.length !== total(wanted);
    const still = once || planner === 'default-scheduler';
    if (still && !mends) return undefined;
    const evaluator = this.evaluator(world, dag, wanted, before);
    const moveBudget = still ? 0 : dag.spec.placement.moveBudget;
    const { instance } = evaluator;
    const far = moveBudget > STEP;
    let cost = before.cost;
    let toward: Int32Array | undefined;
    if (planner !== 'search') toward = moveBudget === 0 ? undefined : await this.#target(evaluator);
    else if (far) toward = quickTarget(evaluator, effort);
    let found = this.replan(evaluator, moveBudget, toward);
    const worse = found === undefined || !(found.judgement.feasible && found.judgement.cost < cost * WORSE);
    if (planner === 'search' && far && worse) {
      found = this.replan(evaluator, moveBudget, await this.#target(evaluator));
      cost = Infinity;
    }
    const recalled = moveBudget === 0 ? undefined : await this.#recalled(world, dag, evaluator, recall);
    const other = recalled && this.replan(evaluator, moveBudget, recalled);
    const better = other !== undefined && (found === undefined || paid(other) < paid(found));
    return { instance, cost, ...(better ? { found: other, source: 'Memory' } : { found, source: 'Search' }) };
  }

  /** The DAG against the hosts worth looking at, with as many replicas as are wanted and there may be room for. */
  evaluator(world: Snapshot, dag: ServiceDAG, wanted: Counts, before: Standing): Evaluator {
    const { snapshot } = shortlist(world, dag, this.#hosts);
    const room = total(wanted) > before.replicas.length ? roomOf(instanceOf(snapshot, dag)) : undefined;
    const least = leastOf(dag);
    const instance = instanceOf(snapshot, dag, (name) =>
      Math.max(least[name] ?? 1, Math.min(wanted[name] ?? 1, room?.[name] ?? Infinity)),
    );
    return new Evaluator(instance, 'utility');
  }

  /** What runs, mended, with at most `moveBudget` replicas elsewhere; undefined when there is no such plan. */
  replan(evaluator: Evaluator, moveBudget: number, toward?: Int32Array): Replan | undefined {
    const { planner } = this.#recipe;
    const fill = fills[planner];
    return replan(evaluator, {
      moveBudget,
      hysteresis: HYSTERESIS,
      strictly: planner !== 'search',
      toward,
      ...(fill === undefined ? {} : { fill }),
    });
  }

  /** What to go towards by the planner; undefined when some service has no host. */
  async #target(evaluator: Evaluator): Promise<Int32Array | undefined> {
    const { instance } = evaluator;
    const { name, planner } = this.#recipe;
    if (instance.services.some(({ hosts }) => hosts.length === 0)) return undefined;
    if (planner === 'milp') refuseLarge(name, instance, countsOf(instance));
    const candidates = await sourceOf(planner)(evaluator, this.#budgetMs);
    const [best] = candidates.toSorted((a, b) => evaluator.value(a.assign) - evaluator.value(b.assign));
    return best?.assign;
  }

  /** What to go towards by the memory; undefined when there is none, or it knows nothing. */
  async #recalled(
    world: Snapshot,
    dag: ServiceDAG,
    evaluator: Evaluator,
    recall: Recall | undefined,
  ): Promise<Int32Array | undefined> {
    if (recall === undefined) return undefined;
    const counts = countsOf(evaluator.instance);
    const recalled = await recall(world, dag, (name) => counts[name] ?? 1);
    return recalledTarget(evaluator, recalled, this.#recipe.effort);
  }

  get #budgetMs(): number {
    return this.#recipe.planner === 'milp' ? EXACT_MS : BUDGET_MS * this.#recipe.effort;
  }

  get #hosts(): number {
    return this.#recipe.planner === 'milp' ? Infinity : HOSTS;
  }
}

/** What a replan costs with its moves, by which plans for one DAG and world are compared. */
const paid = ({ judgement, staying, moves }: Replan): number =>
  wrongness(judgement) > 0 ? Infinity : judgement.cost + HYSTERESIS * staying.cost * moves;

/** Assignments in the order of the spec as hosts in the order of tasks. */
function tasksOf({ services, snapshot, tasks }: Instance, assignments: Judgement['assignments']): Int32Array {
  const hostOf = new Map(snapshot.hosts.map((host, h) => [host.name, h]));
  const assign = new Int32Array(tasks).fill(-1);
  const first = new Map(services.map(({ name, firstTask }) => [name, firstTask]));
  for (const { microservice, replica, node } of assignments)
    assign[(first.get(microservice) ?? 0) + replica] = hostOf.get(node) ?? -1;
  return assign;
}
