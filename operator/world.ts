import { deploymentPlanSpec } from '#crds/deploymentplan.ts';
import { edgeRegionSpec } from '#crds/edgeregion.ts';
import { serviceDAGSpec } from '#crds/servicedag.ts';
import { keyOf } from '#world/objects.ts';
import type { Objects } from '#world/objects.ts';
import { snapshotOf } from '#world/snapshot.ts';
import type { Snapshot } from '#world/snapshot.ts';
import type { Caches } from './caches.ts';
import type { CachedDag, CachedPlan, CachedRegion } from './objects.ts';
import { slimNode, slimPod } from './slim.ts';

/** The caches as one world: parsed once per object, with plans that were just made and are not in the cache yet. */
export class World {
  readonly #caches: Caches;
  readonly #assumed = new Map<string, CachedPlan>();
  readonly #parsed = new WeakMap<object, object | undefined>();
  #version = 0;
  #groundVersion = 0;
  #made: { readonly version: number; readonly objects: Objects; readonly snapshot: Snapshot } | undefined;
  #ground: { readonly version: number; readonly snapshot: Snapshot } | undefined;

  constructor(caches: Caches) {
    this.#caches = caches;
    for (const store of [caches.dags, caches.regions, caches.plans, caches.nodes, caches.pods]) {
      (store as { subscribe(fn: () => void): unknown }).subscribe(() => this.#version++);
    }
    for (const store of [caches.regions, caches.nodes]) {
      (store as { subscribe(fn: () => void): unknown }).subscribe(() => this.#groundVersion++);
    }
  }

  /** Counts changes: equal numbers, equal world. */
  get version(): number {
    return this.#version;
  }

  /** Remembers a plan that was written, until the cache shows it (or a newer one). */
  assume(plan: CachedPlan): void {
    this.#assumed.set(planKey(plan), plan);
    this.#version++;
  }

  /** A ServiceDAG whose spec is as its schema says; undefined when it is not there or cannot be read. */
  dag(key: string): CachedDag | undefined {
    const object = this.#caches.dags.get(key);
    return object === undefined ? undefined : this.#parse(object, serviceDAGSpec);
  }

  /** Newest plan of a DAG of this uid, just made ones included. */
  planFor(dag: CachedDag): CachedPlan | undefined {
    return this.#plans().find(
      (plan) => planKey(plan) === keyOf(dag) && plan.spec.dag.uid === dag.metadata.uid,
    );
  }

  /** Nodes, regions and links alone: what does not change with every pod. */
  ground(): Snapshot {
    if (this.#ground?.version === this.#groundVersion) return this.#ground.snapshot;
    const snapshot = snapshotOf({
      nodes: this.#caches.nodes.list().map(slimNode),
      regions: this.#regions(),
      dags: [],
      nowMs: 0,
    });
    this.#ground = { version: this.#groundVersion, snapshot };
    return snapshot;
  }

  #regions(): CachedRegion[] {
    return this.#caches.regions
      .list()
      .flatMap((region) => this.#parse<CachedRegion>(region, edgeRegionSpec) ?? []);
  }

  /** Every object that matters to placement, and the world they make. */
  now(nowMs: number): { readonly objects: Objects; readonly snapshot: Snapshot } {
    if (this.#made?.version === this.#version) return this.#made;
    const dags = this.#caches.dags.list().flatMap((dag) => this.#parse(dag, serviceDAGSpec) ?? []);
    const uids = new Map(dags.map((dag) => [keyOf(dag), dag.metadata.uid]));
    const objects: Objects = {
      nodes: this.#caches.nodes.list().map(slimNode),
      regions: this.#regions(),
      dags: dags
        .filter((dag) => dag.metadata.deletionTimestamp === undefined)
        .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
      pods: this.#caches.pods.list().map(slimPod),
      plans: this.#plans().filter((plan) => uids.get(planKey(plan)) === plan.spec.dag.uid),
      nowMs,
    };
    this.#made = { version: this.#version, objects, snapshot: snapshotOf(objects) };
    return this.#made;
  }

  /** The newest plan of each DAG. */
  #plans(): CachedPlan[] {
    const newest = new Map<string, CachedPlan>();
    const take = (plan: CachedPlan): void => {
      const known = newest.get(planKey(plan));
      if (known === undefined || known.spec.window < plan.spec.window) newest.set(planKey(plan), plan);
    };
    for (const plan of this.#caches.plans.list()) {
      if (plan.metadata.deletionTimestamp !== undefined) continue;
      const parsed = this.#parse<CachedPlan>(plan, deploymentPlanSpec);
      if (parsed !== undefined) take(parsed);
    }
    for (const [key, plan] of this.#assumed) {
      const seen = newest.get(key);
      if (seen !== undefined && seen.spec.window >= plan.spec.window) this.#assumed.delete(key);
      else take(plan);
    }
    return [...newest.values()].toSorted((a, b) => (planKey(a) < planKey(b) ? -1 : 1));
  }

  /** Forgets what was assumed of a DAG that is gone. */
  forget(key: string): void {
    if (this.#assumed.delete(key)) this.#version++;
  }

  #parse<T extends CachedDag | CachedRegion | CachedPlan>(
    object: T,
    schema: { safeParse(spec: unknown): { success: boolean; data?: unknown } },
  ): T | undefined {
    if (this.#parsed.has(object)) return this.#parsed.get(object) as T | undefined;
    const result = schema.safeParse(object.spec);
    const parsed = result.success ? ({ ...object, spec: result.data } as T) : undefined;
    this.#parsed.set(object, parsed);
    return parsed;
  }
}

const planKey = (plan: CachedPlan): string => `${plan.metadata.namespace ?? 'default'}/${plan.spec.dag.name}`;
