import { UnknownReference } from '#world/instance.ts';
import { keyOf } from '#world/objects.ts';
import { readyReplicas } from '../../routing/edge.ts';
import type { RegionRoute } from '../../routing/edge.ts';
import { steer } from '../../routing/steer.ts';
import type { CachedDag, CachedPlan, CachedPod } from '../../objects.ts';
import type { World } from '../../world.ts';

/**
 * Routes for the requests and links that were measured and the replicas that are ready, in the place of the plan's: between two plans
 * calls spill over by themselves when a region is full, come home when it is not, and leave a way that grows slow. Without
 * measurements the plan's routes stay.
 */
export class LiveRoutes {
  readonly #world: Pick<World, 'expected' | 'measured' | 'now'>;
  readonly #nowMs: () => number;
  readonly #known = new Map<string, { readonly of: string; readonly routes: readonly RegionRoute[] }>();

  constructor(world: Pick<World, 'expected' | 'measured' | 'now'>, nowMs: () => number) {
    this.#world = world;
    this.#nowMs = nowMs;
  }

  /** Routes of a ServiceDAG; computed anew when requests, links, the plan or the ready replicas have changed. */
  of(dag: CachedDag, plan: CachedPlan, pods: readonly CachedPod[]): readonly RegionRoute[] {
    const key = keyOf(dag);
    const rates = this.#world.expected(key);
    const links = this.#world.measured(this.#nowMs());
    if (rates === undefined && links === undefined) return plan.spec.routes;
    const nodes = new Map(
      dag.spec.microservices.map(({ name }) => [name, readyReplicas(pods, name).map(({ node }) => node)]),
    );
    const of = JSON.stringify([rates, links, plan.metadata.name, [...nodes]]);
    const known = this.#known.get(key);
    if (known?.of === of) return known.routes;
    const routes = this.#steered(key, nodes) ?? plan.spec.routes;
    this.#known.set(key, { of, routes });
    return routes;
  }

  #steered(key: string, nodes: ReadonlyMap<string, readonly string[]>): RegionRoute[] | undefined {
    const { objects, snapshot } = this.#world.now(this.#nowMs());
    const dag = objects.dags.find((one) => keyOf(one) === key);
    try {
      return dag === undefined ? undefined : steer(snapshot, dag, nodes);
    } catch (error) {
      // A region that is gone: status says so, and the plan's routes are the best there is.
      if (error instanceof UnknownReference) return undefined;
      throw error;
    }
  }

  /** Forgets a ServiceDAG that is gone. */
  forget(key: string): void {
    this.#known.delete(key);
  }
}
