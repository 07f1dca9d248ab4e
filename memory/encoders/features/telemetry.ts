import { WINDOW, scaled } from './columns.ts';

/** What one period showed of a DAG. Rates per second, microseconds, shares. */
export interface Sample {
  readonly rate: number;
  readonly completed: number;
  readonly violated: number;
  readonly meanLatencyMicros: number;
  readonly p95LatencyMicros: number;
  /** Busy share of its replicas, by microservice. */
  readonly utilisation: Readonly<Record<string, number>>;
}

/** The last `WINDOW` samples, oldest first. */
export function telemetryFeatures(samples: readonly Sample[]): Float32Array {
  const rows = samples.slice(-WINDOW).flatMap((sample) => {
    const busy = Object.values(sample.utilisation);
    return [
      scaled(sample.rate),
      scaled(sample.completed),
      sample.violated / Math.max(1, sample.completed, sample.violated),
      scaled(sample.meanLatencyMicros),
      scaled(sample.p95LatencyMicros),
      busy.reduce((a, b) => a + b, 0) / Math.max(1, busy.length),
      Math.max(0, ...busy),
    ];
  });
  return Float32Array.from(rows);
}
