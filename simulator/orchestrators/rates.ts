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
  observe({ atMicros, objects, dags }: Observation): void {
    const elapsed = this.#lastMicros === undefined ? 0 : (atMicros - this.#lastMicros) / PER_SECOND;
    const weight = 1 - Math.exp(-elapsed / MEMORY_S);
    this.#lastMicros = atMicros;
    const measured = new Map(dags.map((dag) => [dag.dag, dag.rates]));
    for (const dag of objects.dags) {
      const key = keyOf(dag);
      const before =
        this.#average.get(key) ?? dag.spec.ingress.map((i) => quantity(i.requestsPerSecond ?? '0'));
      const now = measured.get(key) ?? [];
      this.#average.set(
        key,
        before.map((rate, i) => rate + weight * ((now[i] ?? rate) - rate)),
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
