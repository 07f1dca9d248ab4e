import { graphFindings } from '#crds/dag-checks.ts';
import type { KubeNode, KubePod } from '#crds/node.ts';
import { deploymentPlanSpec } from '#crds/deploymentplan.ts';
import { edgeRegionSpec } from '#crds/edgeregion.ts';
import { serviceDAGSpec } from '#crds/servicedag.ts';
import { hostsOf } from '#world/host.ts';
import { freshLinks, measuredRegions } from '#world/measured.ts';
import { keyOf } from '#world/objects.ts';
import type { Objects } from '#world/objects.ts';
import { snapshotOf } from '#world/snapshot.ts';
import type { Snapshot } from '#world/snapshot.ts';
import { AssumedPlans, planKey } from './assumed-plans.ts';
import type { Caches } from './caches.ts';
import { relevance } from './relevance.ts';
import type { Relevance } from './relevance.ts';
import type { CachedDag, CachedPlan, CachedRegion } from './objects.ts';
import { slimNode, slimPod } from './slim.ts';

interface Schema {
  safeParse(spec: unknown): { success: boolean; data?: unknown };
}

/** The caches as one world: each object read once, with plans that were just made and are not in the cache yet. */
export class World {
  readonly #caches: Caches;
  readonly #assumed = new AssumedPlans();
  readonly #read = new WeakMap<object, object | undefined>();
  readonly #hopes = new Set<() => void>();
  readonly #heralds = new Set<(key: string) => void>();
  readonly #surveyors = new Set<() => void>();
  readonly #expected = new Map<string, readonly number[]>();
  #version = 0;
  #ground = 0;
  #supply = 0;
  #made: { readonly version: number; readonly objects: Objects; readonly snapshot: Snapshot } | undefined;
  #hosts: { readonly version: number; readonly regionOf: ReadonlyMap<string, string> } | undefined;

  constructor(caches: Caches) {
    this.#caches = caches;
    const watch =
      <T>(judge: (before: T | undefined, after: T | undefined) => Relevance, isGround = false) =>
      (_key: string, before?: T, after?: T): void => {
        const how = judge(before, after);
        if (isGround && how !== 'none') this.#ground++;
        this.#changed(how);
      };
    caches.dags.subscribe(watch(relevance.dag));
    caches.regions.subscribe(watch(relevance.region, true));
    caches.regions.subscribe((_key, before, after) => {
      if (relevance.measured(before, after)) for (const surveyor of this.#surveyors) surveyor();
    });
    caches.nodes.subscribe(watch(relevance.node, true));
    caches.pods.subscribe(watch(relevance.pod));
    caches.plans.subscribe((_key, before, after) => {
      const plan = after ?? before;
      if (plan !== undefined) this.#assumed.shown(plan);
      this.#changed(relevance.plan(before, after));
    });
  }

  /** Counts what may have made room: a plan that was not feasible may be, once it has grown. */
  get supply(): number {
    return this.#supply;
  }

  /** What planning reads of all regions, as a text that changes when one of them comes, goes or is edited. */
  get ground(): string {
    const regions = this.#caches.regions.list();
    return regions
      .map(({ metadata }) => `${metadata.uid}/${metadata.generation}`)
      .toSorted()
      .join();
  }

  /** Calls `fn` when there may be room that was not there before. */
  onSupply(fn: () => void): void {
    this.#hopes.add(fn);
  }

  /** Remembers a plan that was written, until the cache shows it (or a newer one). */
  assume(plan: CachedPlan): void {
    if (this.#caches.plans.get(`${plan.metadata.namespace ?? 'default'}/${plan.metadata.name}`) !== undefined)
      return;
    this.#assumed.add(plan);
    this.#version++;
  }

  /** Forgets what was assumed of a DAG that is gone. */
  forget(key: string): void {
    if (this.#assumed.forget(key)) this.#version++;
  }

  /** Requests per second to plan a DAG with, for each entry of `spec.ingress`; what is declared when undefined. */
  expect(key: string, rates: readonly number[] | undefined): void {
    if (this.#expected.get(key)?.join() === rates?.join()) return;
    if (rates === undefined) this.#expected.delete(key);
    else this.#expected.set(key, rates);
    this.#version++;
    for (const herald of this.#heralds) herald(key);
  }

  /** What `expect` was told last of a DAG. */
  expected(key: string): readonly number[] | undefined {
    return this.#expected.get(key);
  }

  /** Calls `fn` with the DAG for which other requests are expected now. */
  onExpectation(fn: (key: string) => void): void {
    this.#heralds.add(fn);
  }

  /** What is measured of links, as a text that changes when a latency does; undefined while nothing is. */
  measured(nowMs: number): string | undefined {
    const rows = this.#caches.regions.list().flatMap((region) => freshLinks(region, nowMs));
    const said = rows.map(({ from, to, measuredLatencyMicros }) => `${from}>${to} ${measuredLatencyMicros}`);
    return said.length === 0 ? undefined : said.toSorted().join();
  }

  /** Calls `fn` when a link takes another time than it did. */
  onMeasured(fn: () => void): void {
    this.#surveyors.add(fn);
  }

  /** A ServiceDAG with its defaults; undefined when it is not there or its spec is not as the schema says. */
  dag(key: string): CachedDag | undefined {
    const object = this.#caches.dags.get(key);
    return object === undefined ? undefined : this.#parsed(object, serviceDAGSpec);
  }

  /** Regions that can be read. */
  regions(): CachedRegion[] {
    return this.#caches.regions.list().flatMap((region) => this.#parsed(region, edgeRegionSpec) ?? []);
  }

  /** Newest plan of this very DAG (its uid), just made ones included. */
  planFor(dag: CachedDag): CachedPlan | undefined {
    return this.#newestPlans().find(
      (plan) => planKey(plan) === keyOf(dag) && plan.spec.dag.uid === dag.metadata.uid,
    );
  }

  /** Region of each node that is ready; nodes of no region are not named. It does not change with every pod. */
  readyNodes(): ReadonlyMap<string, string> {
    if (this.#hosts?.version === this.#ground) return this.#hosts.regionOf;
    const { hosts } = hostsOf(this.#nodes(), this.regions());
    const regionOf = new Map(hosts.filter((host) => host.ready).map((host) => [host.name, host.region]));
    this.#hosts = { version: this.#ground, regionOf };
    return regionOf;
  }

  /** Every object that matters to placement, and the world they make. */
  now(nowMs: number): { readonly objects: Objects; readonly snapshot: Snapshot } {
    if (this.#made?.version === this.#version) return this.#made;
    const dags = this.#caches.dags.list().flatMap((dag) => this.#parsed(dag, serviceDAGSpec) ?? []);
    const uids = new Map(dags.map((dag) => [keyOf(dag), dag.metadata.uid]));
    const objects: Objects = {
      nodes: this.#nodes(),
      regions: measuredRegions(this.regions(), nowMs),
      dags: dags
        // One with a cycle is refused in its own status; it must not spoil the questions of others.
        .filter((dag) => dag.metadata.deletionTimestamp === undefined && graphFindings(dag.spec).length === 0)
        .map((dag) => this.#asExpected(dag))
        .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
      pods: this.#caches.pods.list().map((pod) => this.#once(pod, () => slimPod(pod)) as KubePod),
      plans: this.#newestPlans().filter((plan) => uids.get(planKey(plan)) === plan.spec.dag.uid),
      nowMs,
    };
    this.#made = { version: this.#version, objects, snapshot: snapshotOf(objects) };
    return this.#made;
  }

  /** With the requests that are expected in the place of those that are declared. */
  #asExpected(dag: CachedDag): CachedDag {
    const rates = this.#expected.get(keyOf(dag));
    if (rates?.length !== dag.spec.ingress.length) return dag;
    const ingress = dag.spec.ingress.map((entry, i) => ({ ...entry, requestsPerSecond: `${rates[i] ?? 0}` }));
    return { ...dag, spec: { ...dag.spec, ingress } };
  }

  #nodes(): KubeNode[] {
    return this.#caches.nodes.list().map((node) => this.#once(node, () => slimNode(node)) as KubeNode);
  }

  #changed(how: Relevance): void {
    if (how === 'none') return;
    this.#version++;
    if (how !== 'room') return;
    this.#supply++;
    for (const hope of this.#hopes) hope();
  }

  #newestPlans(): CachedPlan[] {
    const newest = new Map<string, CachedPlan>();
    for (const plan of this.#caches.plans.list()) {
      if (plan.metadata.deletionTimestamp !== undefined) continue;
      const parsed = this.#parsed(plan, deploymentPlanSpec);
      if (parsed === undefined) continue;
      const known = newest.get(planKey(parsed));
      if (known === undefined || known.spec.window < parsed.spec.window) newest.set(planKey(parsed), parsed);
    }
    this.#assumed.addTo(newest);
    return [...newest.values()].toSorted((a, b) => (planKey(a) < planKey(b) ? -1 : 1));
  }

  /** Objects in a store are frozen, so what was read of one stays true. */
  #once(object: object, read: () => object | undefined): object | undefined {
    if (this.#read.has(object)) return this.#read.get(object);
    const value = read();
    this.#read.set(object, value);
    return value;
  }

  #parsed<T extends CachedDag | CachedRegion | CachedPlan>(object: T, schema: Schema): T | undefined {
    return this.#once(object, () => {
      const result = schema.safeParse(object.spec);
      return result.success ? { ...object, spec: result.data } : undefined;
    }) as T | undefined;
  }
}
