import assert from 'node:assert/strict';
import type { Item } from '#world/test-world.ts';
import { exogenousOf } from './exogenous-of.ts';
import type { ExogenousOptions } from './options.ts';
import { exogenousSpec } from './schema.ts';
import { app, city, options } from './test-city.ts';
import type { Traces } from './traces.ts';

const SECOND = 1_000_000;

interface Given {
  readonly arrivals?: object;
  readonly apps?: readonly Item[];
  readonly over?: Partial<ExogenousOptions>;
  readonly traces?: Traces;
}

const fate = ({ arrivals = {}, apps = [app('shop', { east: 100 })], over = {}, traces = {} }: Given = {}) =>
  exogenousOf(exogenousSpec.parse({ arrivals }), city(...apps), options(over), traces);

/** All arrivals of one source. */
function times(given: Given, source = 0): readonly number[] {
  const found = fate(given).sources[source];
  assert.ok(found);
  const all: number[] = [];
  for (let at = found.next(); at !== Infinity; at = found.next()) all.push(at);
  return all;
}

/** A count of a Poisson law with that mean: within five standard deviations. */
function isPoisson(count: number, mean: number): void {
  assert.ok(Math.abs(count - mean) < 5 * Math.sqrt(mean), `${count} is not near ${mean}`);
}

/** Variance over mean of the counts in windows. */
function dispersion(all: readonly number[], untilMicros: number, windowMicros: number): number {
  const counts = Array.from({ length: Math.floor(untilMicros / windowMicros) }, () => 0);
  for (const at of all) {
    const window = Math.floor(at / windowMicros);
    if (window < counts.length) counts[window] = (counts[window] ?? 0) + 1;
  }
  const mean = counts.reduce((a, b) => a + b, 0) / counts.length;
  return counts.reduce((sum, n) => sum + (n - mean) * (n - mean), 0) / (counts.length - 1) / mean;
}

describe('arrivals', () => {
  it('the default is a Poisson process at the rate of the ingress: counts, dispersion and gaps', () => {
    const all = times({});
    isPoisson(all.length, 60_000);
    const index = dispersion(all, 600 * SECOND, SECOND);
    assert.ok(Math.abs(index - 1) < 5 * Math.sqrt(2 / 600), `index of dispersion ${index}`);
    const long = all.filter((at, i) => i > 0 && at - (all[i - 1] ?? 0) > 10_000).length;
    isPoisson(long, all.length * Math.exp(-1));
  });

  it('times are whole microseconds, never fall, and stay below the end', () => {
    const all = times({ apps: [app('rush', { east: 100_000 })], over: { untilMicros: 2 * SECOND } });
    assert.ok(all.every((at, i) => Number.isInteger(at) && at >= (all[i - 1] ?? 0) && at < 2 * SECOND));
    isPoisson(all.length, 200_000);
  });

  it('there is nothing after the end, however often one asks', () => {
    const [source] = fate({ over: { untilMicros: SECOND } }).sources;
    while (source?.next() !== Infinity);
    assert.deepEqual([source.next(), source.next()], [Infinity, Infinity]);
  });

  it('same seed, same times; another seed, others', () => {
    assert.deepEqual(times({}), times({}));
    assert.notDeepEqual(times({}).slice(0, 9), times({ over: { seed: 2 } }).slice(0, 9));
  });

  it('a source keeps its times when applications come, go or change places', () => {
    const [shop, more] = [app('shop', { east: 100 }), app('more', { east: 5, west: 7 })];
    const alone = times({ apps: [shop] });
    assert.deepEqual(times({ apps: [more, shop] }, 2), alone);
    assert.deepEqual(times({ apps: [shop, more] }, 0), alone);
  });

  it('entries of one DAG in one region are independent of each other', () => {
    const twice = app('shop', { east: 100 });
    const spec = twice['spec'] as { ingress: readonly Item[] };
    const apps = [{ ...twice, spec: { ...spec, ingress: [...spec.ingress, ...spec.ingress] } }];
    assert.notDeepEqual(times({ apps }, 0).slice(0, 9), times({ apps }, 1).slice(0, 9));
  });

  it('a curve gives each part its own rate, and the mean stays', () => {
    const points = [
      { at: '0s', factor: 1 },
      { at: '60s', factor: 1 },
      { at: '60s', factor: 3 },
      { at: '120s', factor: 3 },
      { at: '120s', factor: 1 },
    ];
    const arrivals = { time: { curve: 'points', points, period: '3m' } };
    const all = times({ arrivals, over: { untilMicros: 540 * SECOND } });
    // Mean factor 5/3: the parts are at 60, 180 and 60 requests/s.
    const part = (k: number): number => all.filter((at) => Math.floor(at / (60 * SECOND)) % 3 === k).length;
    isPoisson(part(0), 3 * 60 * 60);
    isPoisson(part(1), 3 * 60 * 180);
    isPoisson(part(2), 3 * 60 * 60);
    assert.equal(Math.round(fate({ arrivals }).rateAt(0, 90 * SECOND)), 180);
    assert.equal(Math.round(fate({ arrivals }).rateAt(0, 200 * SECOND)), 60);
  });

  it('the built-in day has a mean of 1 and is twenty times as busy at 20:00 as at 04:00', () => {
    const made = fate({ arrivals: { time: { curve: 'daily', start: '12h' } } });
    const rates = Array.from({ length: 288 }, (_, i) => made.rateAt(0, i * 300 * SECOND));
    assert.ok(Math.abs(rates.reduce((a, b) => a + b, 0) / 288 - 100) < 0.5);
    const [evening, night] = [made.rateAt(0, 8 * 3600 * SECOND), made.rateAt(0, 16 * 3600 * SECOND)];
    assert.ok(evening / night > 15 && evening / night < 25, `${evening} to ${night}`);
  });

  it('recorded minutes are followed minute by minute, round again', () => {
    const traces = { minutes: [Float64Array.of(1, 0, 5)] };
    const all = times({
      arrivals: { time: { curve: 'worldcup98' } },
      traces,
      over: { untilMicros: 360 * SECOND },
    });
    const inMinute = (k: number): number => all.filter((at) => Math.floor(at / (60 * SECOND)) === k).length;
    isPoisson(inMinute(0), 3000);
    assert.equal(inMinute(1), 0);
    isPoisson(inMinute(2), 15_000);
    isPoisson(inMinute(3), 3000);
  });

  it('each source follows a recorded function of its own', () => {
    const traces = { minutes: Array.from({ length: 50 }, (_, i) => Float64Array.of(i + 1, 100 - i)) };
    const apps = ['a', 'b', 'c', 'd'].map((name) => app(name, { east: 100 }));
    const made = fate({ arrivals: { time: { curve: 'azure-functions' } }, apps, traces });
    assert.ok(new Set([0, 1, 2, 3].map((source) => made.rateAt(source, 0))).size > 1);
  });

  it('bursts keep the mean and are far more variable than Poisson, at several time scales', () => {
    const apps = Array.from({ length: 20 }, (_, i) => app(`a${i}`, { east: 100 }));
    const { sources } = fate({ arrivals: { bursts: { sessions: 4, shape: 1.7 } }, apps });
    const indices: number[] = [];
    let count = 0;
    for (const source of sources) {
      const all: number[] = [];
      for (let at = source.next(); at !== Infinity; at = source.next()) all.push(at);
      count += all.length;
      indices.push(dispersion(all, 600 * SECOND, SECOND), dispersion(all, 600 * SECOND, 10 * SECOND));
    }
    assert.ok(Math.abs(count / (20 * 60_000) - 1) < 0.1, `${count}`);
    assert.ok(Math.min(...indices) > 3, `${Math.min(...indices)}`);
  });

  it('true demand does not depend on when one asks, bursts included', () => {
    const given = { arrivals: { bursts: {}, time: { curve: 'daily' } } };
    const [one, other] = [fate(given), fate(given)];
    const moments = [400, 3, 250, 250, 599, 0].map((s) => s * SECOND);
    const there = moments.map((at) => one.rateAt(0, at));
    const back = [...moments].reverse().map((at) => other.rateAt(0, at));
    assert.deepEqual(there, back.reverse());
  });

  it('a flash crowd climbs, stays and goes where and for whom it is said', () => {
    const crowd = {
      at: '100s',
      for: '50s',
      ramp: '10s',
      factor: 5,
      regions: ['east'],
      dags: ['default/shop'],
    };
    const apps = [app('shop', { east: 100, west: 100 }), app('more', { east: 100 })];
    const made = fate({ arrivals: { flashCrowds: [crowd] }, apps });
    assert.deepEqual(
      [99, 140, 175].map((s) => made.rateAt(0, s * SECOND)),
      [100, 500, 100],
    );
    assert.ok(made.rateAt(0, 105 * SECOND) > 280 && made.rateAt(0, 105 * SECOND) < 320);
    assert.deepEqual([made.rateAt(1, 140 * SECOND), made.rateAt(2, 140 * SECOND)], [100, 100]);
  });

  it('sampling emits in the first part of each period only, at the full rate', () => {
    const all = times({ over: { sampledShare: 0.25, periodMicros: 4 * SECOND } });
    assert.ok(all.every((at) => at % (4 * SECOND) < SECOND));
    isPoisson(all.length, 15_000);
    const longer = times({ arrivals: { samplingPeriod: '20s' }, over: { sampledShare: 0.25 } });
    assert.ok(longer.every((at) => at % (20 * SECOND) < 5 * SECOND));
    isPoisson(longer.length, 15_000);
  });

  it('recorded gaps keep their shape at the source’s rate', () => {
    const gaps = Float64Array.of(0.1, 0.1, 2.8);
    const all = times({ arrivals: { gaps: 'genai-alibaba' }, traces: { gaps } });
    assert.ok(Math.abs(all.length - 60_000) < 3);
    const seen = new Set(all.slice(1).map((at, i) => Math.round((at - (all[i] ?? 0)) / 1000)));
    assert.deepEqual(
      [...seen].sort((a, b) => a - b),
      [1, 28],
    );
  });
});
