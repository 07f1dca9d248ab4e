import assert from 'node:assert/strict';
import { drawAt, exponential, lognormal, normal, pareto, seedOf, stream } from './random.ts';
import type { Stream } from './random.ts';

const DRAWS = 100_000;
const sample = (draw: (i: number) => number): number[] => Array.from({ length: DRAWS }, (_, i) => draw(i));
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const variance = (values: readonly number[]): number => {
  const m = mean(values);
  return mean(values.map((v) => (v - m) ** 2));
};

/** Chi-square of 64 equal cells: 63 degrees of freedom, 120 is beyond the 99.998 % quantile. */
function chiSquare(values: readonly number[]): number {
  const cells = new Float64Array(64);
  for (const v of values) cells[Math.floor(v * 64)] = (cells[Math.floor(v * 64)] ?? 0) + 1;
  return cells.reduce((sum, n) => sum + (n - DRAWS / 64) ** 2 / (DRAWS / 64), 0);
}

const correlation = (a: readonly number[], b: readonly number[]): number => {
  const [ma, mb] = [mean(a), mean(b)];
  return mean(a.map((v, i) => (v - ma) * ((b[i] ?? 0) - mb))) / Math.sqrt(variance(a) * variance(b));
};

describe('random', () => {
  const s = seedOf(7, 'purpose');
  const uniform: Record<string, (i: number) => number> = {
    'a stream': stream(1, 'arrivals'),
    'draws along a': (i) => drawAt(s, i, 3),
    'draws along b': (i) => drawAt(s, 12, i),
    'draws beyond 32 bits': (i) => drawAt(s, 2 ** 40 + i, 3),
    'draws along the high bits of a': (i) => drawAt(s, i * 2 ** 32, 3),
    'draws along seeds': (i) => drawAt(seedOf(i, 'x'), 1, 1),
  };
  for (const [name, draw] of Object.entries(uniform)) {
    it(`${name}: uniform in [0, 1), one after another independent`, () => {
      const values = sample(draw);
      assert.ok(values.every((v) => v >= 0 && v < 1));
      assert.ok(chiSquare(values) < 120, `chi-square ${chiSquare(values)}`);
      assert.ok(Math.abs(correlation(values, [...values.slice(1), 0.5])) < 0.015);
    });
  }

  it('different names, seeds and counters do not go together', () => {
    const of = (next: Stream): number[] => sample(() => next());
    const pairs: [number[], number[]][] = [
      [of(stream(1, 'a')), of(stream(1, 'b'))],
      [of(stream(1, 'a')), of(stream(2, 'a'))],
      [sample((i) => drawAt(s, i, 1)), sample((i) => drawAt(s, i, 2))],
      [sample((i) => drawAt(s, i, 1)), sample((i) => drawAt(s + 1, i, 1))],
      [sample((i) => drawAt(s, i, i)), sample((i) => drawAt(s, i, i + 1))],
    ];
    for (const [a, b] of pairs) assert.ok(Math.abs(correlation(a, b)) < 0.015, `${correlation(a, b)}`);
  });

  it('the same seed gives the same numbers, on every version of Node', () => {
    const next = stream(42, 'arrivals');
    assert.deepEqual([next(), next(), drawAt(s, 5, 6)], KNOWN);
  });

  it('distributions have their moments', () => {
    const next = stream(3, 'moments');
    const e = sample(() => exponential(next(), 5));
    assert.ok(Math.abs(mean(e) - 5) < 0.08 && Math.abs(variance(e) - 25) < 1.2);
    const n = sample(() => normal(next()));
    assert.ok(Math.abs(mean(n)) < 0.015 && Math.abs(variance(n) - 1) < 0.02);
    const l = sample(() => lognormal(next(), 1, 0.5));
    assert.ok(Math.abs(mean(l) / Math.exp(1.125) - 1) < 0.01);
    const p = sample(() => pareto(next(), 3, 2));
    assert.ok(Math.abs(mean(p) - 3) < 0.05 && p.every((v) => v >= 2));
  });

  it('the normal quantiles are right to nine digits', () => {
    const cases = [
      [0.5, 0],
      [0.975, 1.959963984540054],
      [0.001, -3.090232306167813],
      [0.9999, 3.719016485455709],
    ] as const;
    for (const [p, z] of cases)
      assert.ok(Math.abs(normal(p - 2 ** -33) - z) < 1e-8 * Math.max(1, Math.abs(z)));
    assert.ok(normal(0) > -7 && normal(1 - 2 ** -32) < 7);
  });
});

const KNOWN = [0.7068540574982762, 0.6507367214653641, 0.6747912426944822];
