import type { Sample } from '#memory/encoders/features/telemetry.ts';
import type { TraceContent } from '#memory/trace/trace.ts';
import type { RequestRecord } from '#simulator/engine/recorder.ts';

/**
 * Performance and rollout from the requests that ended in a while and the samples of its periods; undefined when none completed.
 * Jitter is the standard deviation of latency, sync the mean time that branches waited for each other.
 */
export function measured(
  records: readonly RequestRecord[],
  samples: readonly Sample[],
  periodMicros: number,
): Pick<TraceContent, 'performance' | 'rollout'> | undefined {
  const completed = records.filter((r) => r.outcome === 'completed');
  if (completed.length === 0) return undefined;
  const latencies = Float64Array.from(completed, (r) => r.latencyMicros).sort();
  const mean = latencies.reduce((a, b) => a + b, 0) / latencies.length;
  const variance = latencies.reduce((t, x) => t + (x - mean) * (x - mean), 0) / latencies.length;
  const sync = completed.reduce((t, r) => t + r.syncMicros, 0) / completed.length;
  const violated = records.filter((r) => r.violated.length > 0).length;
  const busy = samples.map(({ utilisation }) => {
    const shares = Object.values(utilisation);
    return Math.min(1, shares.reduce((a, b) => a + b, 0) / Math.max(1, shares.length));
  });
  const ppm = (share: number): number => Math.round(1e6 * share);
  return {
    performance: {
      latencyMicros: Math.round(mean),
      p99LatencyMicros: Math.round(latencies[Math.ceil(0.99 * latencies.length) - 1] ?? 0),
      jitterMicros: Math.round(Math.sqrt(variance)),
      syncMicros: Math.round(sync),
      successPpm: ppm(completed.length / records.length),
      violationPpm: ppm(violated / records.length),
      utilisationPpm: ppm(busy.reduce((a, b) => a + b, 0) / Math.max(1, busy.length)),
    },
    rollout: samples.map((s, i) => ({
      atMs: Math.round(((i + 1) * periodMicros) / 1000),
      latencyMicros: Math.round(s.meanLatencyMicros),
      successPpm: ppm(1 - s.violated / Math.max(1, s.completed, s.violated)),
      utilisationPpm: ppm(busy[i] ?? 0),
    })),
  };
}
