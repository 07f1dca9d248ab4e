import { featuresOf } from '#memory/encoders/features/features.ts';
import type { Features } from '#memory/encoders/features/features.ts';
import { positionsOf } from '#memory/encoders/features/heat-maps.ts';
import type { Sample } from '#memory/encoders/features/telemetry.ts';
import type { Example, Outcome } from '#memory/encoders/training/example.ts';
import { keyOf } from '#world/objects.ts';
import { prepare } from '#simulator/evaluate/run-job.ts';
import type { Observation, Orchestrator, Placement } from '#simulator/orchestrator.ts';
import { orchestratorOf } from '#simulator/orchestrators/orchestrators.ts';
import { runOnce } from '#simulator/run.ts';
import { expand } from '#simulator/scenario/read.ts';

/** Which simulations to learn from. */
export interface ExampleRun {
  /** A scenario, all of its cases. */
  readonly scenario: string;
  readonly orchestrator: string;
  readonly seed: number;
  readonly dataFolder?: string | undefined;
  /** Simulated time, microseconds; the scenario's own when absent. */
  readonly untilMicros?: number;
}

/** Periods between two looks at a DAG, and periods over which its outcome is taken after each. */
const STRIDE = 5;
const HORIZON = 10;

/** Every case of a scenario under an orchestrator: what was known of each DAG, and how it fared in the ten periods after. Deterministic. */
export async function examplesOf(run: ExampleRun): Promise<Example[]> {
  const examples: Example[] = [];
  for (const { scenario, digest } of expand(run.scenario)) {
    const { orchestrator, seed, dataFolder } = run;
    const job = {
      source: run.scenario,
      scenario: scenario.name,
      scenarioDigest: digest,
      orchestrator,
      seed,
      replication: 0,
      dataFolder,
    };
    const { city, fate, settings } = prepare(job);
    const untilMicros = Math.min(run.untilMicros ?? Infinity, settings.untilMicros);
    const warmupMicros = Math.min(settings.warmupMicros, untilMicros - 1);
    const watcher = new Watcher(
      orchestratorOf(orchestrator),
      settings.periodMicros,
      `${scenario.name}#${seed}`,
    );
    await runOnce(city, fate, watcher, { ...settings, untilMicros, warmupMicros });
    examples.push(...watcher.examples());
  }
  return examples;
}

interface Look {
  readonly dag: number;
  readonly at: number;
  readonly features: Features;
}

/** Lets another orchestrator work, and writes down what could be seen and what followed. */
class Watcher implements Orchestrator {
  readonly name: string;
  readonly #inner: Orchestrator;
  readonly #period: number;
  readonly #city: string;
  /** By DAG, one sample for each period. */
  readonly #samples: Sample[][] = [];
  readonly #looks: Look[] = [];

  constructor(inner: Orchestrator, period: number, city: string) {
    this.#inner = inner;
    this.name = inner.name;
    this.#period = period;
    this.#city = city;
  }

  plan(observation: Observation): Promise<readonly Placement[]> {
    return this.#inner.plan(observation);
  }

  act(observation: Observation): readonly Placement[] {
    if (observation.atMicros % this.#period === 0) this.#watch(observation);
    return this.#inner.act(observation);
  }

  #watch(observation: Observation): void {
    for (const [d, seen] of observation.dags.entries()) {
      const rate = seen.rates.reduce((a, b) => a + b, 0);
      (this.#samples[d] ??= []).push({ ...seen, rate });
    }
    if ((observation.atMicros / this.#period) % STRIDE !== 0) return;
    const { snapshot, objects } = observation;
    const positions = positionsOf(objects.nodes);
    for (const [d, { dag: key }] of observation.dags.entries()) {
      const dag = objects.dags.find((one) => keyOf(one) === key);
      if (dag === undefined) continue;
      const telemetry = this.#samples[d] ?? [];
      const features = featuresOf({ snapshot, dag, dags: objects.dags, telemetry, positions });
      this.#looks.push({ dag: d, at: telemetry.length, features });
    }
  }

  examples(): Example[] {
    return this.#looks.flatMap(({ dag, at, features }) => {
      const after = (this.#samples[dag] ?? []).slice(at, at + HORIZON);
      const outcome = after.length < HORIZON ? undefined : outcomeOf(after);
      return outcome === undefined ? [] : [{ city: this.#city, features, outcome }];
    });
  }
}

/** Undefined when no request completed: there is no latency to learn. */
function outcomeOf(samples: readonly Sample[]): Outcome | undefined {
  const total = (of: (sample: Sample) => number): number => samples.reduce((t, s) => t + of(s), 0);
  const completed = total((s) => s.completed);
  if (completed === 0) return undefined;
  const busy = samples.flatMap((s) => Object.values(s.utilisation));
  return {
    latencyMicros: total((s) => s.completed * s.meanLatencyMicros) / completed,
    violated: Math.min(
      1,
      total((s) => s.violated) /
        Math.max(
          completed,
          total((s) => s.violated),
        ),
    ),
    utilisation: busy.reduce((a, b) => a + b, 0) / Math.max(1, busy.length),
  };
}
