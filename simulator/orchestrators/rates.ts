import type { ServiceDAG } from '#crds/servicedag.ts';
import { quantity } from '#crds/quantity.ts';
import { keyOf } from '#world/objects.ts';
import type { Observation } from '../orchestrator.ts';

/** Time constant of the moving average, seconds: long beside a period, short beside a window. */
const MEMORY_S = 30;
const PER_SECOND = 1e6;
/** Rates are written in thousandths of a request per second. */
const STEP = 1000;

/**
 * Requests/s of each DAG and ingress entry as an exponentially weighted moving average of what was measured, whatever the time
 * between two looks: a look back over dt weighs 1 - exp(-dt / 30 s). Until something was measured, what the spec says.
 */
export class Rates {
  readonly #average = new Map<string, number[]>();
  #lastMicros: number | undefined;

  /** Takes the telemetry of one observation in; time must not go back. */
  observe(observation: Observation): void {
    const { atMicros, dags } = observation;
    if (this.#lastMicros === undefined) {
      for (const dag of observation.objects.dags)
        this.#average.set(
          keyOf(dag),
          dag.spec.ingress.map((i) => quantity(i.requestsPerSecond ?? '0')),
        );
    }
    const weight = 1 - Math.exp(-(atMicros - (this.#lastMicros ?? atMicros)) / PER_SECOND / MEMORY_S);
    this.#lastMicros = atMicros;
    for (const { dag, rates } of dags) {
      const before = this.#average.get(dag) ?? [];
      this.#average.set(
        dag,
        before.map((rate, i) => rate + weight * ((rates[i] ?? rate) - rate)),
      );
    }
  }

  /** The DAG with its averages as the rates of its ingress. */
  applied(dag: ServiceDAG): ServiceDAG {
    const rates = this.#average.get(keyOf(dag));
    if (rates === undefined) return dag;
    const ingress = dag.spec.ingress.map((entry, i) => ({
      ...entry,
      requestsPerSecond: String(Math.round((rates[i] ?? 0) * STEP) / STEP),
    }));
    return { ...dag, spec: { ...dag.spec, ingress } };
  }
}
