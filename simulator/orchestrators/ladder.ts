import type { ServiceDAG } from '#crds/servicedag.ts';
import { EASE } from '#planner/plan-options.ts';
import { planDag } from '#planner/plan.ts';
import { judgeJointly } from '#planner/joint.ts';
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
import { withClaim } from '#world/snapshot.ts';
import type { Snapshot } from '#world/snapshot.ts';
import type { Observation, Orchestrator, Placement } from '../orchestrator.ts';
import { refuseLarge } from './exact.ts';
import { RunMemory } from './memory.ts';
import type { Decided } from './memory.ts';
import { Rates } from './rates.ts';
import type { Recipe } from './recipe.ts';
import { countsOf, leastOf, scaledCounts, serveOf, total } from './replicas.ts';
import { Steered, asItStands } from './resteer.ts';
import { settled } from './settle.ts';
import type { Found } from './settle.ts';
import { claimOf, worldWith } from './standing.ts';
import type { Standing } from './standing.ts';
import { fills, quickTarget, recalledTarget } from './targets.ts';
import { Trouble } from './trouble.ts';

/** Hosts that a DAG's search sees, and the effort of it: 48 DAGs on 200 nodes in about 2 s. */
const HOSTS = 48;
const BUDGET_MS = 5;
/** Loss of J since the last whole plan from which one is made anew, if the move budget could follow it. */
const WORSE = 1.1;
/** Moves of one step of local search: more need a whole plan to go towards. */
const STEP = 2;
/** Time after which the exact planner gives what it has: the only limit here that is a clock. */
const EXACT_MS = 10_000;

/** One rung of the ladder of classical planners: what its recipe says, with a memory of what it decided. */
export class Ladder implements Orchestrator {
  readonly name: string;
  readonly #recipe: Recipe;
  readonly #rates = new Rates();
  readonly #standing = new Map<string, Standing>();
  readonly #trouble = new Trouble();
  readonly #steered = new Steered();
  readonly #memory: RunMemory | undefined;
  /** What the last plan of each DAG was made of, for the memory. */
  readonly #decided = new Map<string, Decided>();
  #recall: Recall | undefined;
  #known: readonly ServiceDAG[] = [];

  constructor(recipe: Recipe, memory = recipe.memory ? new RunMemory() : undefined) {
    this.name = recipe.name;
    this.#recipe = recipe;
    this.#memory = memory;
  }

  async plan(observation: Observation): Promise<readonly Placement[]> {
    this.#rates.observe(observation);
    await this.#memory?.learn(observation);
    this.#recall = this.#memory?.recallIn(observation);
    const { dags, snapshot } = this.#look(observation);
    this.#trouble.forgive();
    let world = worldWith(snapshot, dags, this.#standing);
    const placements: Placement[] = [];
    for (const dag of dags) {
      const before = this.#standing.get(keyOf(dag));
      const placement =
        before === undefined ? await this.#first(world, dag) : await this.#again(world, dag, before);
      const after = this.#standing.get(keyOf(dag));
      if (placement === undefined || after === undefined) continue;
      world = withClaim(world, claimOf(snapshot, dag, after));
      placements.push(placement);
    }
    return placements;
  }

  act(observation: Observation): readonly Placement[] {
    this.#rates.observe(observation);
    this.#memory?.observe(observation, this.#decided);
    const troubled = this.#trouble.observe(observation);
    const follows = this.#recipe.planner === 'search' && !this.#recipe.once;
    const urgent = follows ? troubled : new Set<string>();
    // A look at the whole city is dear, and in most periods nothing calls for one.
    const changed = observation.changed.length > 0;
    const calls = (dag: ServiceDAG): boolean => this.#grows(dag) || this.#strays(dag);
    if (!changed && urgent.size === 0 && !this.#known.some(calls)) return [];
    const before = new Map([...this.#standing].map(([key, { replicas }]) => [key, replicas.length]));
    const { dags, snapshot } = this.#look(observation);
    let world = worldWith(snapshot, dags, this.#standing);
    return dags.flatMap((dag) => {
      const key = keyOf(dag);
      const standing = this.#standing.get(key);
      if (standing === undefined) return [];
      const { length } = standing.replicas;
      const lost = length < (before.get(key) ?? 0);
      const short = changed && length < total(standing.wanted);
      if (!lost && !short && !urgent.has(key) && !this.#grows(dag))
        return this.#strays(dag) ? this.#steerAnew(world, dag, standing) : [];
      const wanted = this.#wanted(dag, standing, true);
      const evaluator = this.#evaluator(world, dag, wanted, standing);
      const found = this.#replan(evaluator, urgent.has(key) ? dag.spec.placement.moveBudget : 0);
      if (urgent.has(key)) this.#trouble.answered(key);
      const placement = this.#settle(evaluator.instance, wanted, found, standing.cost);
      const after = this.#standing.get(key);
      if (after !== undefined) world = withClaim(world, claimOf(snapshot, dag, after));
      return [placement];
    });
  }

  /** What is there, with the rates that were measured; every DAG stands where its pods are. */
  #look({ objects, snapshot }: Observation): { dags: readonly ServiceDAG[]; snapshot: Snapshot } {
    this.#known = objects.dags;
    for (const [key, standing] of this.#standing) {
      const replicas = (snapshot.placed.get(key) ?? []).map(({ microservice, host }) => ({
        microservice,
        node: snapshot.hosts[host]?.name ?? '',
      }));
      this.#standing.set(key, { ...standing, replicas });
    }
    return { dags: objects.dags.map((dag) => this.#rates.applied(dag)), snapshot };
  }

  /** Whether the load asks for more replicas than were wanted last. */
  #grows(dag: ServiceDAG): boolean {
    const standing = this.#recipe.scale ? this.#standing.get(keyOf(dag)) : undefined;
    if (standing === undefined) return false;
    return total(this.#wanted(this.#rates.applied(dag), standing, true)) > total(standing.wanted);
  }

  /** Whether calls are steered for other rates than there are now. */
  #strays(dag: ServiceDAG): boolean {
    return (
      this.#recipe.steer && this.#steered.isStale(this.#rates.applied(dag), this.#standing.get(keyOf(dag)))
    );
  }

  /** Between windows: replicas stay, their calls go where the rates of now want them. */
  #steerAnew(world: Snapshot, dag: ServiceDAG, standing: Standing): Placement[] {
    const anew = asItStands(world, dag, standing);
    if (anew === undefined) return [];
    const placement = this.#settle(anew.instance, standing.wanted, anew.found, standing.cost);
    const after = this.#standing.get(keyOf(dag));
    if (after !== undefined) this.#standing.set(keyOf(dag), { ...after, cost: standing.cost });
    return [placement];
  }

  /** At time 0 for everybody: the whole plan of the planner. */
  async #first(world: Snapshot, dag: ServiceDAG): Promise<Placement> {
    const plain = instanceOf(world, dag);
    const least = leastOf(dag);
    const wanted = this.#recipe.scale ? scaledCounts(dag, least, serveOf(plain)) : least;
    const capped = this.#recipe.scale ? scaledCounts(dag, least, serveOf(plain), roomOf(plain)) : least;
    for (const counts of total(capped) > total(least) ? [capped, least] : [least]) {
      if (this.#recipe.planner === 'milp') refuseLarge(this.name, plain, counts);
      const { best, feasible, source } = await planDag(world, dag, {
        objective: 'utility',
        budgetMs: this.#budgetMs,
        planner: this.#recipe.planner,
        hosts: this.#hosts,
        ease: EASE,
        fractions: this.#recipe.steer ? 'joint' : 'even',
        replicas: (name) => counts[name] ?? 1,
        ...(this.#recall === undefined ? {} : { recall: this.#recall }),
      });
      if (!feasible && counts !== least) continue;
      const instance = instanceOf(world, dag, (name) => counts[name] ?? 1);
      const hostOf = new Map(world.hosts.map((host, h) => [host.name, h]));
      const found =
        best === undefined
          ? undefined
          : { assign: tasksOf(instance, best.assignments, hostOf), judgement: best };
      return this.#settle(instance, wanted, found, Infinity, source);
    }
    throw new Error(`nothing was tried for ${keyOf(dag)}`);
  }

  /** At every window: near to what runs, or not at all. */
  async #again(world: Snapshot, dag: ServiceDAG, before: Standing): Promise<Placement | undefined> {
    const { planner, once } = this.#recipe;
    const wanted = this.#wanted(dag, before, false);
    const mends = before.replicas.length !== total(wanted);
    const still = once || planner === 'default-scheduler';
    if (still && !mends) return undefined;
    const evaluator = this.#evaluator(world, dag, wanted, before);
    const moveBudget = still ? 0 : dag.spec.placement.moveBudget;
    const { instance } = evaluator;
    const far = moveBudget > STEP;
    let cost = before.cost;
    let toward: Int32Array | undefined;
    if (planner !== 'search') toward = moveBudget === 0 ? undefined : await this.#target(evaluator);
    else if (far) toward = quickTarget(evaluator, this.#recipe.effort);
    let found = this.#replan(evaluator, moveBudget, toward);
    const worse = found === undefined || !(found.judgement.feasible && found.judgement.cost < cost * WORSE);
    if (planner === 'search' && far && worse) {
      found = this.#replan(evaluator, moveBudget, await this.#target(evaluator));
      cost = Infinity;
    }
    const recalled = moveBudget === 0 ? undefined : await this.#recalled(world, dag, evaluator);
    const other = recalled === undefined ? undefined : this.#replan(evaluator, moveBudget, recalled);
    const better = other !== undefined && (found === undefined || paid(other) < paid(found));
    if (better) return this.#settle(instance, wanted, other, cost, 'Memory');
    return this.#settle(instance, wanted, found, cost);
  }

  /** What to go towards by the memory; undefined when there is none, or it knows nothing. */
  async #recalled(world: Snapshot, dag: ServiceDAG, evaluator: Evaluator): Promise<Int32Array | undefined> {
    if (this.#recall === undefined) return undefined;
    const counts = countsOf(evaluator.instance);
    const recalled = await this.#recall(world, dag, (name) => counts[name] ?? 1);
    return recalledTarget(evaluator, recalled, this.#recipe.effort);
  }

  #wanted(dag: ServiceDAG, before: Standing, onlyUp: boolean): Counts {
    if (!this.#recipe.scale) return before.wanted;
    const law = scaledCounts(dag, before.wanted, before.serve);
    if (!onlyUp) return law;
    return Object.fromEntries(
      Object.entries(law).map(([name, count]) => [name, Math.max(count, before.wanted[name] ?? 0)]),
    );
  }

  get #budgetMs(): number {
    return this.#recipe.planner === 'milp' ? EXACT_MS : BUDGET_MS * this.#recipe.effort;
  }

  get #hosts(): number {
    return this.#recipe.planner === 'milp' ? Infinity : HOSTS;
  }

  /** The DAG against the hosts worth looking at, with as many replicas as are wanted and there may be room for. */
  #evaluator(world: Snapshot, dag: ServiceDAG, wanted: Counts, before: Standing): Evaluator {
    const { snapshot } = shortlist(world, dag, this.#hosts);
    const room = total(wanted) > before.replicas.length ? roomOf(instanceOf(snapshot, dag)) : undefined;
    const least = leastOf(dag);
    const instance = instanceOf(snapshot, dag, (name) =>
      Math.max(least[name] ?? 1, Math.min(wanted[name] ?? 1, room?.[name] ?? Infinity)),
    );
    return new Evaluator(instance, 'utility');
  }

  #replan(evaluator: Evaluator, moveBudget: number, toward?: Int32Array): Replan | undefined {
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

  async #target(evaluator: Evaluator): Promise<Int32Array | undefined> {
    const { instance } = evaluator;
    if (instance.services.some(({ hosts }) => hosts.length === 0)) return undefined;
    if (this.#recipe.planner === 'milp') refuseLarge(this.name, instance, countsOf(instance));
    const candidates = await sourceOf(this.#recipe.planner)(evaluator, this.#budgetMs);
    const [best] = candidates.toSorted((a, b) => evaluator.value(a.assign) - evaluator.value(b.assign));
    return best?.assign;
  }

  /** Remembers what is to run, and says it; calls are steered for what runs then. `cost` stays that of even shares. */
  #settle(
    instance: Instance,
    wanted: Counts,
    found: Found | undefined,
    cost: number,
    policy: Decided['policy'] = 'Search',
  ): Placement {
    const steered =
      this.#recipe.steer && found !== undefined
        ? { ...found, judgement: judgeJointly(instance, 'utility')(found.assign) }
        : found;
    const { standing, placement } = settled(instance, wanted, steered, cost);
    const least = Math.min(cost, found?.judgement.cost ?? Infinity);
    this.#standing.set(instance.key, { ...standing, cost: least });
    this.#steered.note(instance.dag);
    this.#decided.set(instance.key, { routes: standing.routes, policy });
    return placement;
  }
}

/** What a replan costs with its moves, by which plans for one DAG and world are compared. */
const paid = ({ judgement, staying, moves }: Replan): number =>
  wrongness(judgement) > 0 ? Infinity : judgement.cost + HYSTERESIS * staying.cost * moves;

/** Assignments in the order of the spec as hosts in the order of tasks. */
function tasksOf(
  { services, tasks }: Instance,
  assignments: Judgement['assignments'],
  hostOf: ReadonlyMap<string, number>,
): Int32Array {
  const assign = new Int32Array(tasks).fill(-1);
  const first = new Map(services.map(({ name, firstTask }) => [name, firstTask]));
  for (const { microservice, replica, node } of assignments)
    assign[(first.get(microservice) ?? 0) + replica] = hostOf.get(node) ?? -1;
  return assign;
}
