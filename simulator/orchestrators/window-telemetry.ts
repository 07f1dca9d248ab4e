import type { TraceContent } from '#memory/trace/trace.ts';
import type { DagObservation, Observation } from '../orchestrator.ts';

/** Distance of the 95th and 99th percentile from the mean of a normal distribution, in standard deviations. */
const P95 = 1.645;
const P99 = 2.326;

interface Sample extends DagObservation {
  readonly atMicros: number;
}

/** What an orchestrator sees of each DAG in the periods of a window, as an outcome. */
export class WindowTelemetry {
  readonly #samples = new Map<string, Sample[]>();
  #last: Observation['dags'] | undefined;
  #startMicros: number | undefined;

  /** Reads a period's telemetry; looks within one period say nothing new. */
  observe({ atMicros, dags }: Observation): void {
    if (dags === this.#last || atMicros === this.#startMicros) return;
    this.#last = dags;
    this.#startMicros ??= atMicros;
    for (const one of dags) {
      const samples = this.#samples.get(one.dag) ?? [];
      if (samples.push({ ...one, atMicros }) === 1) this.#samples.set(one.dag, samples);
    }
  }

  /**
   * What a DAG's window came to; undefined when nothing completed. The first period is left out: its requests met what ran before. The tail
   * and jitter are those of a normal distribution with the measured mean and 95th percentile, the spread of joins is not seen and said to be 0, and
   * a request that missed its limits by being lost counts as violated, not as failed: telemetry does not tell them apart.
   */
  outcome(dag: string): Pick<TraceContent, 'performance' | 'rollout'> | undefined {
    const [first, ...samples] = this.#samples.get(dag) ?? [];
    const completed = samples.reduce((sum, s) => sum + s.completed, 0);
    if (first === undefined || completed === 0) return undefined;
    const mean = (of: (sample: Sample) => number): number =>
      samples.reduce((sum, s) => sum + s.completed * of(s), 0) / completed;
    const latency = mean((s) => s.meanLatencyMicros);
    const deviation = Math.max(0, mean((s) => s.p95LatencyMicros) - latency) / P95;
    const violated = samples.reduce((sum, s) => sum + s.violated, 0);
    return {
      performance: {
        latencyMicros: Math.round(latency),
        p99LatencyMicros: Math.round(latency + P99 * deviation),
        jitterMicros: Math.round(deviation),
        syncMicros: 0,
        successPpm: 1_000_000,
        violationPpm: ppm(violated / Math.max(1, completed, violated)),
        utilisationPpm: ppm(samples.reduce((sum, s) => sum + busyOf(s), 0) / samples.length),
      },
      rollout: samples.map((s) => ({
        atMs: Math.floor((s.atMicros - first.atMicros) / 1000),
        latencyMicros: Math.round(s.meanLatencyMicros),
        successPpm: ppm(1 - s.violated / Math.max(1, s.completed, s.violated)),
        utilisationPpm: ppm(busyOf(s)),
      })),
    };
  }

  /** A new window begins. */
  clear(): void {
    this.#samples.clear();
    this.#startMicros = undefined;
  }
}

/** Mean busy share over microservices. */
function busyOf({ utilisation }: DagObservation): number {
  const shares = Object.values(utilisation);
  return shares.reduce((a, b) => a + b, 0) / Math.max(1, shares.length);
}

const ppm = (share: number): number => Math.round(1e6 * Math.min(1, Math.max(0, share)));
