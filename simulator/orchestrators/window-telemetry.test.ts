import assert from 'node:assert/strict';
import type { DagObservation, Observation } from '../orchestrator.ts';
import { WindowTelemetry } from './window-telemetry.ts';

const SECOND = 1e6;
const seen = (over: Partial<DagObservation> = {}): DagObservation => ({
  dag: 'default/app',
  rates: [10],
  completed: 10,
  violated: 0,
  meanLatencyMicros: 5000,
  p95LatencyMicros: 5000,
  utilisation: { a: 0.2, b: 0.4 },
  ...over,
});
/** Looks at one period each. */
function telemetryOf(periods: readonly DagObservation[]): WindowTelemetry {
  const telemetry = new WindowTelemetry();
  for (const [i, one] of periods.entries())
    telemetry.observe({ atMicros: i * SECOND, dags: [one] } as unknown as Observation);
  return telemetry;
}

describe('what a window came to', () => {
  it('is weighted by requests, without the first period', () => {
    const slow = seen({ completed: 1000, meanLatencyMicros: 900_000, violated: 1000 });
    const one = seen({ completed: 30, meanLatencyMicros: 2000, p95LatencyMicros: 2000 + 1645 });
    const two = seen({ completed: 10, meanLatencyMicros: 6000, p95LatencyMicros: 6000 + 1645, violated: 4 });
    const outcome = telemetryOf([slow, one, two]).outcome('default/app');
    assert.deepEqual(outcome?.performance, {
      latencyMicros: 3000,
      p99LatencyMicros: 3000 + 2326,
      jitterMicros: 1000,
      syncMicros: 0,
      successPpm: 1_000_000,
      violationPpm: 100_000,
      utilisationPpm: 300_000,
    });
    assert.deepEqual(
      outcome.rollout.map(({ atMs, successPpm }) => [atMs, successPpm]),
      [
        [1000, 1_000_000],
        [2000, 600_000],
      ],
    );
  });

  it('is nothing when nothing completed, or nobody looked', () => {
    const idle = seen({ completed: 0 });
    assert.equal(telemetryOf([seen(), idle, idle]).outcome('default/app'), undefined);
    assert.equal(telemetryOf([seen()]).outcome('default/app'), undefined);
    assert.equal(telemetryOf([seen(), seen()]).outcome('default/another'), undefined);
  });

  it('counts a period once, however often it is looked at, and forgets with the window', () => {
    const telemetry = new WindowTelemetry();
    const first = [seen()];
    const second = [seen({ meanLatencyMicros: 7000 })];
    for (const [atMicros, dags] of [
      [0, first],
      [SECOND, second],
      [1.5 * SECOND, second],
    ] as const)
      telemetry.observe({ atMicros, dags } as unknown as Observation);
    assert.equal(telemetry.outcome('default/app')?.rollout.length, 1);
    telemetry.clear();
    assert.equal(telemetry.outcome('default/app'), undefined);
  });
});
