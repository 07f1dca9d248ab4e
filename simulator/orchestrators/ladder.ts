import type { ServiceDAG } from '#crds/servicedag.ts';
import { judgeJointly } from '#planner/joint.ts';
import type { Recall } from '#planner/recall.ts';
import type { Instance } from '#world/instance.ts';
import { keyOf } from '#world/objects.ts';
import type { Counts } from '#world/scaling.ts';
import { withClaim } from '#world/snapshot.ts';
import type { Snapshot } from '#world/snapshot.ts';
import type { Observation, Orchestrator, Placement } from '../orchestrator.ts';
import { RunMemory } from './memory.ts';
import type { Decided } from './memory.ts';
import { Planning } from './planning.ts';
import { Rates } from './rates.ts';
import type { Recipe } from './recipe.ts';
import { scaledCounts, total } from './replicas.ts';
import { Steered, asItStands } from './resteer.ts';
import { settled } from './settle.ts';
import type { Found } from './settle.ts';
import { claimOf, worldWith } from './standing.ts';
import type { Standing } from './standing.ts';
import { Trouble } from './trouble.ts';

/** One rung of the ladder of classical planners: what its recipe says, with a memory of what it decided. */
export class Ladder implements Orchestrator {
  readonly name: string;
  readonly #recipe: Recipe;
  readonly #planning: Planning;
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
    this.#planning = new Planning(recipe);
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
      const evaluator = this.#planning.evaluator(world, dag, wanted, standing);
      const found = this.#planning.replan(evaluator, urgent.has(key) ? dag.spec.placement.moveBudget : 0);
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

  /** At time 0 for everybody. */
  async #first(world: Snapshot, dag: ServiceDAG): Promise<Placement> {
    const { instance, wanted, found, source } = await this.#planning.first(world, dag, this.#recall);
    return this.#settle(instance, wanted, found, Infinity, source);
  }

  /** At every window: near to what runs, or not at all. */
  async #again(world: Snapshot, dag: ServiceDAG, before: Standing): Promise<Placement | undefined> {
    const wanted = this.#wanted(dag, before, false);
    const next = await this.#planning.again(world, dag, before, wanted, this.#recall);
    return next && this.#settle(next.instance, wanted, next.found, next.cost, next.source);
  }

  #wanted(dag: ServiceDAG, before: Standing, onlyUp: boolean): Counts {
    if (!this.#recipe.scale) return before.wanted;
    const law = scaledCounts(dag, before.wanted, before.serve);
    if (!onlyUp) return law;
    return Object.fromEntries(
      Object.entries(law).map(([name, count]) => [name, Math.max(count, before.wanted[name] ?? 0)]),
    );
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
