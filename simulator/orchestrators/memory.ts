import { Encoder, SHIPPED } from '#memory/encoders/encoder.ts';
import { positionsOf } from '#memory/encoders/features/heat-maps.ts';
import { DIMENSION } from '#memory/encoders/network/encoder-network.ts';
import { TAG } from '#memory/encoders/query.ts';
import { Guard } from '#memory/guard/guard.ts';
import type { Stats } from '#memory/store/trace-store.ts';
import { RefusedTrace } from '#memory/trace/refusal.ts';
import { sealTrace } from '#memory/trace/seal.ts';
import { ask, recalledOf } from '#planner/memory/recall.ts';
import { readReport } from '#planner/memory/report.ts';
import type { Report } from '#planner/memory/report.ts';
import { vectorOf } from '#planner/memory/situation.ts';
import type { Recall } from '#planner/recall.ts';
import { keyOf } from '#world/objects.ts';
import type { Objects, PlacedReplica } from '#world/objects.ts';
import type { Observation } from '../orchestrator.ts';
import { RunStore } from './memory-store.ts';
import type { Standing } from './standing.ts';
import { WindowTelemetry } from './window-telemetry.ts';

/** What runs of a DAG since its plan took effect, and the world at that time. */
interface Tenure {
  readonly objects: Objects;
  readonly placed: readonly { readonly microservice: string; readonly node: string }[];
  readonly routes: Standing['routes'];
  readonly policy: 'Search' | 'Memory';
}

/** What a plan for a DAG was made of. */
export interface Decided {
  readonly routes: Standing['routes'];
  readonly policy: 'Search' | 'Memory';
}

/** Opened once a thread: compiling its graphs takes longer than all its questions. */
let encoder: Promise<Encoder> | undefined;

/**
 * The planner's memory within one run: at the end of every window the realised outcome of each DAG, from the telemetry that an
 * orchestrator sees, becomes a trace behind the guard, and the next plans recall it. The code is that of the planner's server; only the store is
 * gone with the run. Deterministic.
 */
export class RunMemory {
  #store: RunStore | undefined;
  #guard: Guard | undefined;
  readonly #telemetry = new WindowTelemetry();
  readonly #tenures = new Map<string, Tenure>();
  #isNew = true;
  #window = 0;

  /** A memory that begins with what others hold. */
  static async of(others: readonly RunMemory[]): Promise<RunMemory> {
    const memory = new RunMemory();
    const { store } = await memory.#opened();
    for (const other of others)
      for await (const trace of (await other.#opened()).store.export(undefined)) await store.put([trace]);
    return memory;
  }

  /** Reads telemetry; `decided` tells what each DAG's last plan was. The first look after a plan is the world in which it took effect. */
  observe(observation: Observation, decided: ReadonlyMap<string, Decided>): void {
    this.#telemetry.observe(observation);
    if (!this.#isNew) return;
    this.#isNew = false;
    const { objects, snapshot } = observation;
    for (const dag of objects.dags) {
      const key = keyOf(dag);
      const { routes, policy } = decided.get(key) ?? { routes: [], policy: 'Search' };
      this.#tenures.set(key, { objects, placed: placedIn(snapshot, key), routes, policy });
    }
  }

  /** A window is over: what it came to is reported, and the next one begins. */
  async learn(observation: Observation): Promise<void> {
    this.#telemetry.observe(observation);
    const { snapshot, atMicros } = observation;
    for (const [key, tenure] of this.#tenures) {
      const outcome = this.#telemetry.outcome(key);
      // What was moved meanwhile has no outcome of its own.
      if (outcome === undefined || !same(tenure.placed, placedIn(snapshot, key))) continue;
      const { objects, placed, routes, policy } = tenure;
      const report: Report = {
        dag: key,
        objects,
        decision: { assignments: numbered(placed), routes },
        window: this.#window,
        policy,
        shareable: false,
        outcome: { atMs: Math.floor(atMicros / 1000), ...outcome },
      };
      await this.#report(report);
    }
    this.#window++;
    this.#isNew = true;
    this.#tenures.clear();
    this.#telemetry.clear();
  }

  /** What plans at this moment recall with. */
  recallIn({ objects }: Observation): Recall {
    const { dags, nodes, nowMs } = objects;
    const positions = positionsOf(nodes);
    return async (snapshot, dag, replicas) => {
      const { store, encoder } = await this.#opened();
      const seen = { snapshot, dag, dags, telemetry: [], positions };
      return recalledOf(await ask(store, encoder, { seen, nowMs, replicas }), encoder.version);
    };
  }

  /** How much it holds. */
  async stats(): Promise<Stats> {
    return (await this.#opened()).store.stats();
  }

  /** Reports that the guard kept aside. */
  get quarantined(): number {
    return this.#guard?.quarantined.length ?? 0;
  }

  async #report(report: Report): Promise<void> {
    const { guard, encoder } = await this.#opened();
    const { content, expectedUtility, seen } = readReport(report, 'simulated');
    try {
      const vector = await vectorOf(encoder, seen, content.policy);
      const trace = sealTrace(content, { encoderVersion: encoder.version, vector });
      await guard.report(trace, { agent: 'simulator', mayReport: () => true, expectedUtility });
    } catch (error) {
      // A deployment that is too large for a trace is not remembered.
      if (!(error instanceof RefusedTrace)) throw error;
    }
  }

  async #opened(): Promise<{ store: RunStore; guard: Guard; encoder: Encoder }> {
    encoder ??= Encoder.open(SHIPPED);
    const opened = await encoder;
    this.#store ??= new RunStore({ dimension: DIMENSION + 2 * TAG, encoderVersion: opened.version });
    this.#guard ??= new Guard(this.#store);
    return { store: this.#store, guard: this.#guard, encoder: opened };
  }
}

function placedIn(
  { placed, hosts }: Observation['snapshot'],
  key: string,
): { microservice: string; node: string }[] {
  return (placed.get(key) ?? []).map(({ microservice, host }: PlacedReplica) => ({
    microservice,
    node: hosts[host]?.name ?? '',
  }));
}

function same(a: Tenure['placed'], b: Tenure['placed']): boolean {
  const places = (of: Tenure['placed']): string =>
    of
      .map(({ microservice, node }) => `${microservice}@${node}`)
      .toSorted()
      .join();
  return places(a) === places(b);
}

function numbered(placed: Tenure['placed']): Report['decision']['assignments'] {
  const next = new Map<string, number>();
  return placed.map(({ microservice, node }) => {
    const replica = next.get(microservice) ?? 0;
    next.set(microservice, replica + 1);
    return { microservice, replica, node };
  });
}
