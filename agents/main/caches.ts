import { deploymentPlanSpec } from '#crds/deploymentplan.ts';
import type { DeploymentPlan } from '#crds/deploymentplan.ts';
import { edgeRegionSpec } from '#crds/edgeregion.ts';
import type { EdgeRegion } from '#crds/edgeregion.ts';
import type { KubeNode } from '#crds/node.ts';
import { serviceDAGSpec } from '#crds/servicedag.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { systemClock } from '#kube/clock.ts';
import { NODE, POD } from '#kube/kinds.ts';
import type { Log } from '#kube/log.ts';
import type { Part } from '#kube/main.ts';
import type { KubeObject } from '#kube/object.ts';
import type { Transport } from '#kube/transport.ts';
import { watchKind } from '#kube/watch.ts';
import type { WatchOptions, Watched } from '#kube/watch.ts';
import type { Objects } from '#world/objects.ts';
import { snapshotOf } from '#world/snapshot.ts';
import type { Snapshot } from '#world/snapshot.ts';
import { gatedRegion } from '../gated.ts';
import { plansInForce } from '../plans-in-force.ts';
import { Assumed } from './assumed.ts';
import type { CachedPod } from './assumed.ts';
import { DEPLOYMENTPLAN, EDGEREGION, SERVICEDAG } from '#crds/served.ts';
import { SpecReader } from './read-spec.ts';
import { pinnedRegion } from './stuck.ts';

/** What changed: gated pods of one region, or anything else that a waiting pod might be waiting for. */
export type Change =
  | { readonly kind: 'gated'; readonly region: string }
  | { readonly kind: 'world' }
  | { readonly kind: 'regions' };

/** What all watches have in common. */
interface AnyWatched {
  readonly store: {
    readonly hasSynced: boolean;
    readonly synced: Promise<void>;
    staleMs(nowMs: number): number;
  };
  run(signal: AbortSignal): Promise<void>;
}

/** The world as the watches show it, with our own pins in it. Every read is from memory. */
export class Caches {
  readonly assumed = new Assumed();
  readonly #pods: Watched<CachedPod>;
  readonly #nodes: Watched<KubeNode & KubeObject>;
  readonly #dags: Watched<KubeObject>;
  readonly #regions: Watched<KubeObject>;
  readonly #plans: Watched<KubeObject>;
  readonly #readDags: SpecReader<ServiceDAG>;
  readonly #readRegions: SpecReader<EdgeRegion>;
  readonly #readPlans: SpecReader<DeploymentPlan>;
  readonly #listeners = new Set<(change: Change) => void>();
  #version = 0;
  #seen: { readonly at: string; readonly objects: Objects; readonly snapshot: Snapshot } | undefined;

  constructor(transport: Transport, log: Log, onRestart: (kind: string, reason: string) => void) {
    const options = (kind: string): WatchOptions => ({ log, onRestart: (reason) => onRestart(kind, reason) });
    this.#pods = watchKind<CachedPod>(transport, POD, options('Pod'));
    this.#nodes = watchKind<KubeNode & KubeObject>(transport, NODE, options('Node'));
    this.#dags = watchKind(transport, SERVICEDAG, options('ServiceDAG'));
    this.#regions = watchKind(transport, EDGEREGION, options('EdgeRegion'));
    this.#plans = watchKind(transport, DEPLOYMENTPLAN, options('DeploymentPlan'));
    this.#readDags = new SpecReader(serviceDAGSpec, log);
    this.#readRegions = new SpecReader(edgeRegionSpec, log);
    this.#readPlans = new SpecReader(deploymentPlanSpec, log);
    this.#pods.store.addIndex('gated', (pod) => [gatedRegion(pod) ?? []].flat());
    this.#pods.store.addIndex('pinned', (pod) => [pinnedRegion(pod) ?? []].flat());
    this.#pods.store.subscribe((_key, _before, after) => {
      const region = after === undefined ? undefined : gatedRegion(after);
      this.#tell(region === undefined ? { kind: 'world' } : { kind: 'gated', region });
    });
    for (const { store } of [this.#nodes, this.#dags, this.#plans]) {
      store.subscribe(() => this.#tell({ kind: 'world' }));
    }
    this.#regions.store.subscribe(() => this.#tell({ kind: 'regions' }));
  }

  #all(): readonly AnyWatched[] {
    return [this.#pods, this.#nodes, this.#dags, this.#regions, this.#plans];
  }

  /** The watches, to be run. */
  parts(): Part[] {
    return this.#all().map((watched) => (signal: AbortSignal) => watched.run(signal));
  }

  /** Resolves when everything has been listed once, or when the signal is aborted. */
  async synced(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = (): void => resolve();
    signal.addEventListener('abort', stop, { once: true });
    if (!signal.aborted) await Promise.race([promise, Promise.all(this.#all().map((w) => w.store.synced))]);
    signal.removeEventListener('abort', stop);
  }

  /** Whether everything has been listed once. */
  get hasSynced(): boolean {
    return this.#all().every(({ store }) => store.hasSynced);
  }

  /** For how long the picture of some kind may be out of date, milliseconds; 0 while every watch is open, however quiet. */
  silentMs(): number {
    const nowMs = systemClock.now();
    return Math.max(...this.#all().map(({ store }) => store.staleMs(nowMs)));
  }

  /** Calls `fn` for every change from now on, until the returned function is called. */
  subscribe(fn: (change: Change) => void): () => void {
    this.#listeners.add(fn);
    return () => this.#listeners.delete(fn);
  }

  /** Regions as they are now. */
  regions(): EdgeRegion[] {
    return this.#readRegions.all(this.#regions.store.list());
  }

  /** A region by name. */
  region(name: string): EdgeRegion | undefined {
    const object = this.#regions.store.get(name);
    return object === undefined ? undefined : this.#readRegions.all([object])[0];
  }

  /** Pods of a region that wait, but for those whose pin is on its way. */
  gated(region: string): CachedPod[] {
    return this.#pods.store.by('gated', region).filter((pod) => !this.assumed.has(pod));
  }

  /** Pods of a region that we pinned and nobody has bound yet. */
  pinned(region: string): readonly CachedPod[] {
    return this.#pods.store.by('pinned', region);
  }

  /** The whole world, made anew only when something in it has changed. */
  world(nowMs: number): { readonly objects: Objects; readonly snapshot: Snapshot } {
    const { store } = this.#pods;
    const pods = this.assumed.over(store.list(), (key) => store.get(key));
    const at = `${this.#version} ${this.assumed.version}`;
    if (this.#seen?.at === at) return this.#seen;
    const dags = this.#readDags.all(this.#dags.store.list());
    const objects: Objects = {
      nodes: this.#nodes.store.list(),
      regions: this.regions(),
      dags,
      pods,
      // A plan that is over holds nothing any more.
      plans: [...plansInForce(this.#readPlans.all(this.#plans.store.list()), dags).values()],
      nowMs,
    };
    this.#seen = { at, objects, snapshot: snapshotOf(objects) };
    return this.#seen;
  }

  #tell(change: Change): void {
    this.#version++;
    for (const listener of this.#listeners) listener(change);
  }
}
