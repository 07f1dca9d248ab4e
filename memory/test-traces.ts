import { sealTrace } from './trace/seal.ts';
import type { Embedding } from './trace/seal.ts';
import type { Trace, TraceContent } from './trace/trace.ts';
import { TRACE_VERSION } from './trace/trace.ts';
import { normal, uniform } from './store/clustered.ts';

/** Encoder of made-up traces. */
export const TEST_ENCODER = 'test-1';

/** A made-up deployment of a few services in a chain with one branch; `n` varies all its numbers. For tests and benches. */
export function contentOf(n: number, over: Partial<TraceContent> = {}): TraceContent {
  const next = uniform(n + 1);
  const whole = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  const services = Array.from({ length: whole(4, 12) }, (_, i) => ({
    name: `service-${i}`,
    work: whole(1, 400) * 1e6,
    cpuMilli: whole(1, 40) * 100,
    memoryBytes: whole(64, 4096) * 2 ** 20,
    replicas: whole(1, 2),
  }));
  const calls = services.slice(1).map((s, i) => ({
    from: `service-${i % 3 === 2 ? i - 1 : i}`,
    to: s.name,
    payloadBytes: whole(1, 3000) * 1024,
    callsPerRequest: 1,
    sync: i % 3 === 2,
  }));
  const nodes = Array.from({ length: whole(3, 8) }, (_, i) => ({
    name: `edge-${(n + 7 * i) % 40}`,
    region: `region-${((n + 7 * i) % 40) % 4}`,
    cpuMilli: 32_000,
    utilisationPpm: whole(0, 900_000),
  }));
  const nodeAt = (i: number): string => nodes[i % nodes.length]?.name ?? 'edge-0';
  const latencyMicros = whole(4000, 40_000);
  return {
    version: TRACE_VERSION,
    tenant: 'arena',
    region: 'region-0',
    slice: 'xr',
    window: n,
    createdMs: 1_700_000_000_000 + n * 1000,
    source: 'simulated',
    policy: 'search',
    shareable: false,
    dag: {
      name: 'arena/stitching',
      class: 'Immersive',
      services,
      calls,
      ingress: [{ region: 'region-0', requestsPerSecond: whole(10, 400) }],
      qos: { maxLatencyMicros: 20_000, maxJitterMicros: 4000, maxSyncMicros: 5000, minSuccessPpm: 999_000 },
    },
    map: {
      nodes,
      placements: services.flatMap((s, i) =>
        Array.from({ length: s.replicas }, (_, replica) => ({
          service: s.name,
          replica,
          node: nodeAt(i + replica),
          serveMicros: whole(100, 9000),
        })),
      ),
      routes: calls.map((c, i) => ({
        from: c.from,
        to: c.to,
        via: [nodeAt(i), 'region-0', nodeAt(i + 1)],
        weightPpm: 1_000_000,
        latencyMicros: whole(50, 3000),
        bandwidthBps: whole(1, 900) * 1e6,
      })),
    },
    rollout: Array.from({ length: 12 }, (_, i) => ({
      atMs: i * 50_000,
      latencyMicros: latencyMicros + whole(-2000, 2000),
      successPpm: whole(990_000, 1_000_000),
      utilisationPpm: whole(200_000, 800_000),
    })),
    performance: {
      latencyMicros,
      p99LatencyMicros: latencyMicros + 5000,
      jitterMicros: whole(100, 4000),
      syncMicros: whole(0, 5000),
      successPpm: whole(990_000, 1_000_000),
      violationPpm: whole(0, 100_000),
      utilisationPpm: whole(200_000, 800_000),
    },
    predictedUtility: Math.fround(next()),
    realisedUtility: Math.fround(next()),
    ...over,
  };
}

/** A direction of its own for each `n`. */
export function vectorOf(n: number, dimension: number): Float32Array {
  const gauss = normal(uniform(1000 + n));
  return Float32Array.from({ length: dimension }, gauss);
}

/** A sealed made-up trace. */
export function traceOf(
  n: number,
  over: Partial<TraceContent> = {},
  embedding: Partial<Embedding> = {},
): Trace {
  return sealTrace(contentOf(n, over), {
    encoderVersion: TEST_ENCODER,
    vector: vectorOf(n, 16),
    ...embedding,
  });
}
