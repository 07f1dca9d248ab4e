import assert from 'node:assert/strict';
import { exogenousOf } from './exogenous-of.ts';
import { exogenousSpec } from './schema.ts';
import { app, city, options } from './test-city.ts';
import type { Traces } from './traces.ts';

const workOf = (work: object, traces: Traces = {}) =>
  exogenousOf(exogenousSpec.parse({ work }), city(app('shop', { east: 1 })), options(), traces).work;

const N = 100_000;

/** Mean and coefficient of variation of N draws. */
function moments(draw: (request: number) => number): { mean: number; cv: number; least: number } {
  const all = Array.from({ length: N }, (_, request) => draw(request));
  const mean = all.reduce((a, b) => a + b, 0) / N;
  const variance = all.reduce((sum, x) => sum + (x - mean) * (x - mean), 0) / N;
  return { mean, cv: Math.sqrt(variance) / mean, least: Math.min(...all) };
}

const near = (found: number, want: number, by: number): void =>
  assert.ok(Math.abs(found - want) < by, `${found} is not near ${want}`);

describe('work', () => {
  it('is exactly what the spec says by default', () => {
    const work = workOf({});
    for (let request = 0; request < 100; request++)
      assert.deepEqual([work.payloadFactor(request, 0), work.serviceFactor(request, 0)], [1, 1]);
  });

  it('lognormal payloads have the mean and spread of the paper', () => {
    const work = workOf({ payload: { law: 'lognormal' } });
    const { mean, cv } = moments((request) => work.payloadFactor(request, 0));
    near(mean, 1, 0.02);
    near(cv, 1.3 / 1.5, 0.05);
  });

  it('service times are exponential or lognormal with mean 1, independent between stages', () => {
    const exponential = workOf({ service: { law: 'exponential' } });
    const found = moments((request) => exponential.serviceFactor(request, 0));
    near(found.mean, 1, 0.02);
    near(found.cv, 1, 0.02);
    const lognormal = workOf({ service: { law: 'lognormal', cv: 0.3 } });
    near(moments((request) => lognormal.serviceFactor(request, 2)).cv, 0.3, 0.02);
    const product = moments(
      (request) => exponential.serviceFactor(request, 0) * exponential.serviceFactor(request, 1),
    );
    near(product.mean, 1, 0.03);
  });

  it('draws are functions of the request, whoever asks and when', () => {
    const one = workOf({ service: { law: 'exponential' }, payload: { law: 'lognormal' } });
    const other = workOf({ service: { law: 'exponential' }, payload: { law: 'lognormal' } });
    const forward = [1, 2, 3].map((r) => [one.serviceFactor(r, 0), one.payloadFactor(r, 0)]);
    const back = [3, 2, 1].map((r) => [other.serviceFactor(r, 0), other.payloadFactor(r, 0)]);
    assert.deepEqual(forward, back.reverse());
  });

  it('frames come from the recording: relative to its mean, or in its bytes', () => {
    const traces = { frames: Float64Array.of(500, 1500, 4000) };
    const draws = (sizes: string): readonly number[] => {
      const work = workOf({ payload: { law: 'frames', sizes } }, traces);
      return [...new Set(Array.from({ length: 200 }, (_, r) => work.payloadFactor(r, 0)))].sort(
        (a, b) => a - b,
      );
    };
    assert.deepEqual(draws('relative'), [0.25, 0.75, 2]);
    // The ingress entry says 1000 bytes.
    assert.deepEqual(draws('recorded'), [0.5, 1.5, 4]);
  });
});
