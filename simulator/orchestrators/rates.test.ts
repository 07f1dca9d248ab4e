import assert from 'node:assert/strict';
import type { Observation } from '../orchestrator.ts';
import { observe, smallCity } from './given.ts';
import { Rates } from './rates.ts';

const SECOND = 1e6;
const seen = (seconds: number, rates: readonly number[]): Observation =>
  observe(smallCity(1), { atMicros: seconds * SECOND, rates: { 'default/app-0': rates } });

/** Rates after these looks. */
function after(...looks: readonly Observation[]): number[] {
  const rates = new Rates();
  for (const look of looks) rates.observe(look);
  const [dag] = looks.at(-1)?.objects.dags ?? [];
  return dag === undefined ? [] : rates.applied(dag).spec.ingress.map((i) => Number(i.requestsPerSecond));
}

describe('Rates', () => {
  it('are those of the spec until something was measured', () => {
    assert.deepEqual(after(seen(0, [99, 99])), [10, 2]);
  });

  it('go two thirds of the way in thirty seconds', () => {
    const [east = 0] = after(seen(0, [10, 2]), seen(30, [40, 2]));
    assert.equal(east, 28.964);
  });

  it('do not depend on how often one looks', () => {
    const [once = 0] = after(seen(0, [10, 2]), seen(30, [40, 2]));
    const [often = 0] = after(seen(0, [10, 2]), ...[10, 20, 30].map((s) => seen(s, [40, 2])));
    assert.ok(Math.abs(once - often) < 1e-3);
  });

  it('count the same telemetry once when it is shown twice at the same time', () => {
    assert.deepEqual(
      after(seen(0, [10, 2]), seen(30, [40, 2]), seen(30, [40, 2])),
      after(seen(0, [10, 2]), seen(30, [40, 2])),
    );
  });
});
