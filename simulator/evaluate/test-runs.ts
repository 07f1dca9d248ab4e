import { Histogram, bucketOf } from '../engine/histogram.ts';
import type { Period, RequestTotals, RunResult } from '../result.ts';
import type { Job } from './job.ts';

/** Test support: a job, as far as the test cares. */
export const jobOf = (over: Partial<Job> = {}): Job => ({
  source: 'S3',
  scenario: 'S3',
  scenarioDigest: 'a'.repeat(64),
  orchestrator: 'greedy',
  seed: 1,
  replication: 0,
  ...over,
});

/** Test support: totals of completed requests with these latencies in microseconds. */
export function totalsOf(latencies: readonly number[], violated = 0): RequestTotals {
  const histogram = new Histogram();
  for (const latency of latencies) histogram.add(latency, bucketOf(latency));
  return {
    arrived: latencies.length,
    completed: latencies.length,
    lost: 0,
    expired: 0,
    refused: 0,
    violated,
    latency: histogram.distribution,
    parts: { access: 1, queue: 2, serve: 3, transfer: 4 },
    syncMicros: new Histogram().distribution,
  };
}

const period = (i: number, nodesDown: number, violated: number): Period => ({
  atMicros: i * 1_000_000,
  arrived: 10,
  completed: 10,
  violated,
  meanLatencyMicros: 1000,
  p95LatencyMicros: 2000,
  utilisation: 0.2,
  balance: 0.9,
  replicas: 4,
  moves: i === 6 ? 2 : 0,
  nodesDown,
});

/** Test support: the result of a job; 20 s, warm-up 2 s, a node down from 5 s to 9 s in which service is bad. */
export function resultOf(
  job: Job,
  latencies: readonly number[] = [1000, 2000, 3000],
  violated = 1,
): RunResult {
  const { scenario, scenarioDigest, orchestrator, seed, replication } = job;
  const total = totalsOf(latencies, violated);
  return {
    version: 1,
    scenario,
    scenarioDigest,
    orchestrator,
    seed,
    replication,
    simulatedMicros: 20_000_000,
    warmupMicros: 2_000_000,
    sampledShare: 1,
    events: 100,
    total,
    byDag: { 'default/a': total },
    byClass: { xr: total },
    byTenant: { one: total, two: totalsOf(latencies) },
    timeline: Array.from({ length: 20 }, (_, i) =>
      period(i, i >= 4 && i < 9 ? 1 : 0, i >= 5 && i < 9 ? 8 : 1),
    ),
    nodeUtilisation: [0.1, 0.3],
    moves: 2,
    decisionMillis: { plan: [10, 2], act: [1] },
    infeasiblePlans: 0,
  };
}
