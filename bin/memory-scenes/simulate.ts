import { featuresOf } from '#memory/encoders/features/features.ts';
import type { Features } from '#memory/encoders/features/features.ts';
import { positionsOf } from '#memory/encoders/features/heat-maps.ts';
import type { Sample } from '#memory/encoders/features/telemetry.ts';
import { deploymentContent } from '#memory/trace/deployment.ts';
import type { TraceContent } from '#memory/trace/trace.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { Utilisation, utilityCost } from '#world/cost.ts';
import { instanceOf } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import type { Judgement } from '#world/judge.ts';
import type { Instance } from '#world/instance.ts';
import { keyOf } from '#world/objects.ts';
import type { Objects } from '#world/objects.ts';
import type { Snapshot } from '#world/snapshot.ts';
import { DataFolder } from '#simulator/data/folder.ts';
import type { RequestRecord } from '#simulator/engine/recorder.ts';
import { seedOf } from '#simulator/engine/random.ts';
import type { Observation, Orchestrator, Placement } from '#simulator/orchestrator.ts';
import { orchestratorOf } from '#simulator/orchestrators/orchestrators.ts';
import { exogenousOf } from '#simulator/processes/exogenous-of.ts';
import { readTraces } from '#simulator/processes/read-traces.ts';
import { runOnce } from '#simulator/run.ts';
import { loadCase } from '#simulator/scenario/load.ts';
import { expand } from '#simulator/scenario/read.ts';
import { measured } from './measured.ts';

/** A city on one day. */
export interface SceneOptions {
  readonly scenario: string;
  /** Of the city: its servers, applications and their places. */
  readonly city: number;
  /** Of the day: who comes when, what fails. */
  readonly day: number;
  readonly orchestrator: string;
  /** Factor on all mean rates. */
  readonly load: number;
  readonly seconds: number;
  readonly dataFolder?: string | undefined;
}

/** What was known of one DAG at one look, what ran, and how it fared in the ten periods after. */
export interface Looked {
  /** Index into the scene's worlds. */
  readonly world: number;
  readonly dag: string;
  readonly features: Features;
  /** Its realised outcome; window and time are the scene's own. */
  readonly content: TraceContent;
}

/** One simulated day of one city. */
export interface Scene {
  /** The objects at each look. */
  readonly worlds: readonly Objects[];
  readonly looked: readonly Looked[];
}

/** Periods between two looks, and periods over which an outcome is taken after each. */
const STRIDE = 5;
const HORIZON = 10;
/** The day on which the first simulated day begins. */
const FIRST_DAY_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

/** Simulates a scene. Same options and data, same scene. Throws `InputError` when data that the scenario needs is not there. */
export async function simulateScene(options: SceneOptions): Promise<Scene> {
  const { scenario: name, city: seed, day: replication, load, dataFolder } = options;
  const [found] = expand(name);
  if (found === undefined) throw new RangeError(`scenario ${name} has no case`);
  const { exogenous: before, run } = found.scenario;
  const scenario = {
    ...found.scenario,
    exogenous: { ...before, arrivals: { ...before.arrivals, scale: before.arrivals.scale * load } },
    run: { ...run, duration: `${options.seconds}s`, warmup: '1s' },
  };
  const loaded = loadCase({ ...found, scenario }, { seed, replication, dataFolder });
  const { city, exogenous, settings } = loaded;
  const { untilMicros, sampledShare, periodMicros } = settings;
  const fate = exogenousOf(
    exogenous,
    city,
    { seed: seedOf(seed, `replication/${replication}`), untilMicros, sampledShare, periodMicros },
    readTraces(exogenous, new DataFolder(dataFolder)),
  );
  const recorder = new SceneRecorder(orchestratorOf(options.orchestrator), periodMicros, replication);
  await runOnce(city, fate, recorder, settings, { request: (record) => recorder.ended(record) });
  return recorder.scene();
}

interface Look {
  readonly world: number;
  readonly atMicros: number;
  readonly dag: ServiceDAG;
  readonly features: Features;
  readonly snapshot: Snapshot;
  readonly instance: Instance;
  readonly assign: Int32Array;
  readonly judgement: Judgement;
  /** Index of the DAG in the telemetry, and of the look in its samples. */
  readonly index: number;
  readonly sample: number;
}

/** Lets another orchestrator work, and writes down what could be seen and what followed. */
class SceneRecorder implements Orchestrator {
  readonly name: string;
  readonly #inner: Orchestrator;
  readonly #period: number;
  readonly #day: number;
  readonly #samples: Sample[][] = [];
  readonly #worlds: Objects[] = [];
  readonly #looks: Look[] = [];
  readonly #ended = new Map<string, RequestRecord[]>();

  constructor(inner: Orchestrator, period: number, day: number) {
    this.#inner = inner;
    this.name = inner.name;
    this.#period = period;
    this.#day = day;
  }

  plan(observation: Observation): Promise<readonly Placement[]> {
    return this.#inner.plan(observation);
  }

  act(observation: Observation): readonly Placement[] {
    if (observation.atMicros % this.#period === 0) this.#watch(observation);
    return this.#inner.act(observation);
  }

  ended(record: RequestRecord): void {
    const list = this.#ended.get(record.dag) ?? [];
    if (list.push(record) === 1) this.#ended.set(record.dag, list);
  }

  #watch(observation: Observation): void {
    for (const [d, seen] of observation.dags.entries()) {
      const rate = seen.rates.reduce((a, b) => a + b, 0);
      (this.#samples[d] ??= []).push({ ...seen, rate });
    }
    if ((observation.atMicros / this.#period) % STRIDE !== 0) return;
    const { snapshot, objects, atMicros } = observation;
    const positions = positionsOf(objects.nodes);
    const world = this.#worlds.push(objects) - 1;
    for (const [index, { dag: key }] of observation.dags.entries()) {
      const dag = objects.dags.find((one) => keyOf(one) === key);
      const telemetry = this.#samples[index] ?? [];
      const running = dag === undefined ? undefined : runningOf(snapshot, dag);
      if (dag === undefined || running === undefined) continue;
      const features = featuresOf({ snapshot, dag, dags: objects.dags, telemetry, positions });
      this.#looks.push({
        ...running,
        world,
        atMicros,
        dag,
        features,
        snapshot,
        index,
        sample: telemetry.length,
      });
    }
  }

  scene(): Scene {
    const looked = this.#looks.flatMap((look): Looked[] => {
      const after = (this.#samples[look.index] ?? []).slice(look.sample, look.sample + HORIZON);
      const until = look.atMicros + HORIZON * this.#period;
      const records = (this.#ended.get(keyOf(look.dag)) ?? []).filter((r) => {
        const end = r.arrivedMicros + r.latencyMicros;
        return end > look.atMicros && end <= until;
      });
      const outcome = after.length < HORIZON ? undefined : measured(records, after, this.#period);
      if (outcome === undefined) return [];
      const { instance, judgement } = look;
      const shared = sharedCost(instance, look.assign);
      const realised = {
        latency: outcome.performance.latencyMicros,
        jitter: outcome.performance.jitterMicros,
        sync: outcome.performance.syncMicros,
        success: outcome.performance.successPpm / 1e6,
      };
      const content = deploymentContent(look.snapshot, look.dag, judgement, {
        window: Math.round(look.atMicros / this.#period),
        createdMs: FIRST_DAY_MS + this.#day * DAY_MS + Math.round(until / 1000),
        source: 'simulated',
        policy: this.name,
        shareable: true,
        ...outcome,
        predictedUtility: utilityOf(judgement.cost),
        realisedUtility: utilityOf(utilityCost(instance, realised, shared)),
      });
      return [{ world: look.world, dag: keyOf(look.dag), features: look.features, content }];
    });
    return { worlds: this.#worlds, looked };
  }
}

/** 1 − J, not below what a trace may say: J is infinite where a queue has no end. */
const utilityOf = (cost: number): number => Math.max(-1e6, 1 - cost);

/** What R and LB add to J: the same for the predicted and the realised outcome. */
function sharedCost(instance: Instance, assign: Int32Array): number {
  const width = instance.snapshot.resources.length;
  const extra = new Float64Array(instance.snapshot.hosts.length * width);
  for (const [task, host] of assign.entries())
    for (const [r, amount] of (instance.services[instance.serviceOf[task] ?? 0]?.request ?? []).entries())
      extra[host * width + r] = (extra[host * width + r] ?? 0) + amount;
  const touched = [...new Set(assign)];
  return new Utilisation(instance).cost(extra, touched, touched.length);
}

/** What runs of a DAG, judged by the world model; undefined while a service has no replica. */
function runningOf(
  snapshot: Snapshot,
  dag: ServiceDAG,
): Pick<Look, 'instance' | 'assign' | 'judgement'> | undefined {
  const hostsOf = Map.groupBy(snapshot.placed.get(keyOf(dag)) ?? [], ({ microservice }) => microservice);
  if (dag.spec.microservices.some(({ name }) => !hostsOf.has(name))) return undefined;
  const instance = instanceOf(snapshot, dag, (name) => hostsOf.get(name)?.length ?? 1);
  const assign = Int32Array.from(
    instance.services.flatMap(({ name }) => (hostsOf.get(name) ?? []).map(({ host }) => host)),
  );
  return { instance, assign, judgement: judge(instance, assign) };
}
