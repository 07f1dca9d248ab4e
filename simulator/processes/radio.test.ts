import assert from 'node:assert/strict';
import { exogenousOf } from './exogenous-of.ts';
import { exogenousSpec } from './schema.ts';
import { app, city, options } from './test-city.ts';
import type { Traces } from './traces.ts';
import { quantilesOf } from './quantiles.ts';

const BAND_MICROS = 1000;
const N = 50_000;

/** Delays over the air in order, and the share lost. */
function air(radio: object | undefined, traces: Traces = {}): { delays: readonly number[]; lost: number } {
  const spec = exogenousSpec.parse({ radio });
  const { radio: made } = exogenousOf(spec, city(app('shop', { east: 1 })), options(), traces);
  const all = Array.from({ length: N }, (_, request) => made.access(request, 0, request));
  const delays = all.filter(({ lost }) => !lost).map(({ extraMicros }) => BAND_MICROS + extraMicros);
  return { delays: delays.sort((a, b) => a - b), lost: 1 - delays.length / N };
}

const at = (delays: readonly number[], p: number): number => delays[Math.floor(p * delays.length)] ?? NaN;
const near = (found: number, want: number, by: number): void =>
  assert.ok(Math.abs(found - want) < by, `${found} is not near ${want}`);

describe('radio', () => {
  it('adds nothing and loses nothing by default', () => {
    const { delays, lost } = air(undefined);
    assert.deepEqual([at(delays, 0), at(delays, 0.999), lost], [BAND_MICROS, BAND_MICROS, 0]);
  });

  it('has the medians that were measured', () => {
    near(at(air({ profile: 'urllc' }).delays, 0.5), 687, 5);
    near(at(air({ profile: 'today' }).delays, 0.5), 6411, 40);
    near(at(air({ profile: 'today', roundTrip: true }).delays, 0.5), 6411 + 5299, 300);
    assert.ok(at(air({ profile: 'urllc' }).delays, 0) >= 510);
  });

  it('loses what is said', () => {
    near(air({ profile: 'today', loss: 0.1 }).lost, 0.1, 0.01);
  });

  it('follows own quantiles and recorded ones', () => {
    const millis = [
      [0, 1],
      [0.5, 2],
      [1, 10],
    ];
    near(at(air({ profile: 'quantiles', millis }).delays, 0.75), 6000, 150);
    const up = quantilesOf([
      [0, 5000],
      [1, 7000],
    ]);
    const { delays, lost } = air({ profile: 'driving' }, { air: { up, down: up, loss: 0.02 } });
    near(at(delays, 0.5), 6000, 50);
    near(lost, 0.02, 0.004);
  });

  it('agrees with the world model’s band: mean, jitter and success', () => {
    const { delays, lost } = air({ profile: 'band' });
    const mean = delays.reduce((a, b) => a + b, 0) / delays.length;
    const deviation = Math.sqrt(delays.reduce((sum, d) => sum + (d - mean) * (d - mean), 0) / delays.length);
    near(mean, 1000, 5);
    near(deviation, 200, 5);
    near(lost, 0.01, 0.003);
    assert.ok(at(delays, 0) >= 0);
  });

  it('is a function of the request', () => {
    const spec = exogenousSpec.parse({ radio: { profile: 'today' } });
    const make = () => exogenousOf(spec, city(app('shop', { east: 1 })), options(), {}).radio;
    const [one, other] = [make(), make()];
    const forward = [1, 2, 3].map((request) => one.access(request, 0, 5));
    assert.deepEqual(
      forward.reverse(),
      [3, 2, 1].map((request) => other.access(request, 0, 5)),
    );
  });

  it('leaves entries without a band alone', () => {
    const plain = { ...app('shop', { east: 1 }) };
    const spec = plain['spec'] as object;
    const wired = { ...plain, spec: { ...spec, ingress: [{ region: 'east', requestsPerSecond: 1 }] } };
    const { radio } = exogenousOf(
      exogenousSpec.parse({ radio: { profile: 'today', loss: 1 } }),
      city(wired),
      options(),
      {},
    );
    assert.deepEqual(radio.access(1, 0, 0), { extraMicros: 0, lost: false });
  });
});
