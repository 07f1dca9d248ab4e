import assert from 'node:assert/strict';
import fc from 'fast-check';
import { contentOf, traceOf } from '#memory/test-traces.ts';
import { withoutMetadata } from '#memory/trace/shared.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { PARTS, composite, prepared } from './composite.ts';
import { dagFeatures } from './dag-features.ts';
import { expectationOf } from './expectation.ts';
import type { Expectation } from './expectation.ts';
import { METRIC_ROWS, metricDistance } from './metric.ts';
import { SET_MODEL } from './ranking-model.ts';

const of = (content: Parameters<typeof expectationOf>[0]): Expectation =>
  expectationOf(content, dagFeatures(content.dag));

/** a → b and a → c → d, ten requests a second. */
const call = (from: string, to: string) => ({ from, to, payloadBytes: 1, callsPerRequest: 2, sync: false });
const service = (name: string) => ({ name, work: 1, cpuMilli: 100, memoryBytes: 1, replicas: 1 });
const placement = (name: string, serveMicros: number, replica = 0) => ({
  service: name,
  replica,
  node: 'n',
  serveMicros,
});
const route = (from: string, to: string, latencyMicros: number, weightPpm = 1_000_000) => ({
  from,
  to,
  via: ['n'],
  weightPpm,
  latencyMicros,
  bandwidthBps: 1,
});
const made = {
  dag: {
    name: 'x/y',
    class: 'c',
    services: ['a', 'b', 'c', 'd'].map(service),
    calls: [call('a', 'b'), call('a', 'c'), call('c', 'd')],
    ingress: [{ region: 'r', requestsPerSecond: 10 }],
    qos: { maxLatencyMicros: 10_000, maxJitterMicros: 0, maxSyncMicros: 0, minSuccessPpm: 0 },
  },
  map: {
    nodes: [],
    placements: [
      placement('a', 1000),
      placement('b', 3000),
      placement('c', 500),
      placement('c', 700, 1),
      placement('d', 2000),
    ],
    routes: [
      route('a', 'b', 100),
      route('a', 'c', 1000, 750_000),
      route('a', 'c', 3000, 250_000),
      route('c', 'd', 200),
    ],
  },
  predictedUtility: 0.5,
};

describe('what is expected of a deployment', () => {
  it('is the longest path over the limit, and visits × service time / replicas', () => {
    const { latencyRatio, busy, utility } = of(made);
    // a, the mean of its two routes to c, c's slower replica, d.
    assert.ok(Math.abs(latencyRatio - (1000 + 1500 + 700 + 200 + 2000) / 10_000) < 1e-12);
    // 10, 20, 10 at each of c's two replicas, and 40 visits a second.
    const shares = [0.01, 0.06, 0.005, 0.007, 0.08];
    assert.ok(Math.abs(busy - shares.reduce((a, b) => a + b, 0) / 5) < 1e-12);
    assert.equal(utility, 0.5);
  });

  it('is finite and within its range for any trace, without load and for calls in a circle too', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.boolean(), (n, circle) => {
        const content = contentOf(n, { predictedUtility: -1e6 });
        const { services, calls } = content.dag;
        const back = { ...call(services.at(-1)?.name ?? '', services[0]?.name ?? ''), callsPerRequest: 9 };
        const dag = { ...content.dag, ingress: [], calls: circle ? [...calls, back] : calls };
        const { utility, latencyRatio, busy } = of({ ...content, dag });
        assert.deepEqual([utility, busy], [-2, 0]);
        assert.ok(Number.isFinite(latencyRatio) && latencyRatio > 0);
        assert.ok(of(content).busy <= 1);
      }),
    );
  });
});

describe('the parts of the composite similarity that tell outcomes', () => {
  const trace = traceOf(3);
  const model = {
    composite: SET_MODEL.composite,
    metric: Float32Array.from({ length: METRIC_ROWS * trace.vector.length }, (_, i) => (i % 5) - 2),
  };
  const like = (other: Trace, expected?: Expectation): ReturnType<typeof composite> =>
    composite(
      prepared({ dag: trace.dag, vector: trace.vector, nodes: [], nowMs: 0, ...(expected && { expected }) }),
      other,
      0.5,
      model,
    );

  it('are 1 for the same expectation and lie between 0 and 1 for others', () => {
    const expected = of(trace);
    const { utility, latency, busy, limit, metric } = like(trace, expected);
    assert.deepEqual([utility, latency, busy, limit, metric], [1, 1, 1, 1, 1]);
    for (let n = 10; n < 40; n++) {
      const parts = like(traceOf(n), expected);
      for (const name of PARTS) assert.ok(parts[name] >= 0 && parts[name] <= 1, name);
      assert.ok(parts.utility < 1 && parts.latency < 1 && parts.busy < 1 && parts.metric < 1);
    }
  });

  it('say nothing while nothing runs, and fall back on the cosine for a trace without a vector', () => {
    const { utility, latency, busy } = like(traceOf(11));
    assert.deepEqual([utility, latency, busy], [1, 1, 1]);
    assert.equal(like(withoutMetadata(traceOf(11, { shareable: true }))).metric, 0.5);
  });

  it('refuse a metric of another width by its numbers', () => {
    assert.throws(() => metricDistance(new Float32Array(9), trace.vector, trace.vector), /9 numbers/);
  });
});
