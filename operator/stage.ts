import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { LABELS } from '#crds/meta.ts';
import { FakeApiServer } from '#kube/fake-apiserver.ts';
import { DEPLOYMENT, NODE, SERVICE } from '#kube/kinds.ts';
import { FakeCluster } from './fake-cluster.ts';
import { FakePlanner } from './fake-planner.ts';
import { givenDag, givenNode, givenRegion } from './given.ts';
import { DEPLOYMENTPLAN, EDGEREGION, SERVICEDAG } from './kinds.ts';
import { runOperator } from './main.ts';
import type { OperatorOptions } from './main.ts';
import type { CachedDag, CachedPlan, CachedPod, Deployment, Service } from './objects.ts';

/** Test support: an operator on a fake API server, a planner, and a cluster that acts on what they write. Opens before each test. */
export class Stage {
  server!: FakeApiServer;
  planner!: FakePlanner;
  cluster!: FakeCluster;
  /** Whether agents open the gates of pods. */
  agents = true;
  /** Where operators that start from now on measure; nowhere unless a test says so. */
  telemetry: OperatorOptions['telemetry'];
  /** Where operators that start from now on ask probers; nowhere unless a test says so. */
  links: OperatorOptions['links'];
  readonly #stops: { stop: AbortController; ended: Promise<unknown> }[] = [];

  constructor() {
    beforeEach(() => this.#open());
    afterEach(() => this.#close());
  }

  /** Starts an operator; it ends with the test, when it is killed, or by itself, which a test must await. */
  readonly start = (
    identity = 'one',
    leaderElect = false,
  ): { kill: () => Promise<unknown>; end: () => Promise<unknown> } => {
    const stop = new AbortController();
    const ended = runOperator({
      transport: this.server.transport(),
      plannerUrl: this.planner.url,
      identity,
      port: 0,
      leaderElect,
      telemetry: this.telemetry,
      links: this.links,
      signal: stop.signal,
    });
    const entry = { stop, ended };
    this.#stops.push(entry);
    return {
      end: () => {
        this.#stops.splice(this.#stops.indexOf(entry), 1);
        return ended;
      },
      kill: () => {
        stop.abort();
        return ended;
      },
    };
  };

  /** Stores a ServiceDAG as a user would. */
  readonly apply = (dag: CachedDag = givenDag()): CachedDag => {
    const { uid: _given, generation: _too, ...metadata } = dag.metadata;
    return this.server.put(SERVICEDAG, { ...dag, metadata });
  };

  /** The stored ServiceDAG. */
  readonly dag = (name = 'app'): CachedDag => {
    const found = this.server.objects<CachedDag>(SERVICEDAG).find(({ metadata }) => metadata.name === name);
    assert(found !== undefined, `no ServiceDAG ${name} is stored`);
    return found;
  };

  /** `Status Reason: message` of a condition. */
  readonly condition = (type: string, name = 'app'): string => {
    const stored = this.server.objects<CachedDag>(SERVICEDAG).find(({ metadata }) => metadata.name === name);
    const found = stored?.status?.conditions?.find((c) => c.type === type);
    return `${found?.status} ${found?.reason}: ${found?.message}`;
  };

  /** All stored plans. */
  readonly plans = (): CachedPlan[] => this.server.objects<CachedPlan>(DEPLOYMENTPLAN);

  /** Waits until something holds; fails with the message after `ms`. */
  readonly eventually = async (what: () => boolean, message: () => string, ms = 5_000): Promise<void> => {
    const endMs = performance.now() + ms;
    while (!what()) {
      if (performance.now() > endMs) assert.fail(message());
      await sleep(10);
    }
  };

  /** Waits until a condition reads like the pattern. */
  readonly becomes = (type: string, pattern: RegExp, name = 'app'): Promise<void> =>
    this.eventually(
      () => pattern.test(this.condition(type, name)),
      () => `${name}: ${type} is ${this.condition(type, name)}, not ${pattern}`,
    );

  /** Writes that matter: events and Leases apart. */
  readonly writes = (): string[] =>
    this.server.writes
      .filter(({ path }) => !/\/(events|leases)/.test(path))
      .map(({ verb, path }) => `${verb} ${path}`);

  /** Waits until nothing more is written. */
  readonly settled = async (): Promise<void> => {
    let before = -1;
    while (before !== this.writes().length) {
      before = this.writes().length;
      await sleep(1_200);
    }
  };

  /** Everything that was made, without what the server gives each object anew. */
  readonly made = (): unknown =>
    [DEPLOYMENT, SERVICE].map((kind) =>
      this.server
        .objects<Deployment | Service>(kind)
        .map(({ metadata, spec }) => ({ name: metadata.name, spec })),
    );

  async #open(): Promise<void> {
    this.server = await FakeApiServer.start({ historySize: 10_000 });
    this.planner = await FakePlanner.start();
    this.agents = true;
    this.telemetry = undefined;
    this.links = undefined;
    this.cluster = new FakeCluster(this.server, (pod) => (this.agents ? this.#planned(pod) : undefined));
    const stop = new AbortController();
    this.#stops.push({ stop, ended: this.cluster.run(stop.signal) });
    this.server.put(EDGEREGION, givenRegion('north'));
    for (const name of ['a', 'b']) this.server.put(NODE, givenNode(name));
  }

  async #close(): Promise<void> {
    for (const { stop } of this.#stops) stop.abort();
    await Promise.all(this.#stops.splice(0).map(({ ended }) => ended));
    await this.planner.stop();
    await this.server.stop();
  }

  /** The node that the newest plan names for a pod and no other replica has. */
  #planned(pod: CachedPod): string | undefined {
    const of = (label: string): string | undefined => pod.metadata.labels?.[label];
    const mine = this.plans().filter((plan) => plan.spec.dag.name === of(LABELS.dag));
    const newest = mine.toSorted((a, b) => b.spec.window - a.spec.window)[0];
    const names: string[] | undefined = newest?.spec.regions
      .find(({ region }) => region === of(LABELS.region))
      ?.assignments.filter(({ microservice }) => microservice === of(LABELS.microservice))
      .map(({ ranked }) => ranked[0]?.node ?? '');
    const owner = pod.metadata.ownerReferences?.[0]?.uid;
    for (const { metadata, spec } of this.cluster.pods())
      if (metadata.ownerReferences?.[0]?.uid === owner && names?.includes(spec.nodeName ?? ''))
        names.splice(names.indexOf(spec.nodeName ?? ''), 1);
    return names?.[0];
  }
}
