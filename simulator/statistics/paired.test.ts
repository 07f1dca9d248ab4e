import assert from 'node:assert/strict';
import fc from 'fast-check';
import { normal, stream } from '../engine/random.ts';
import { holm, paired } from './paired.ts';

const near = (got: number | undefined, want: number, by: number): void =>
  assert.ok(got !== undefined && Math.abs(got - want) <= by, `${got} is not ${want}`);

describe('the paired comparison', () => {
  // Student 1908, "The probable error of a mean", additional hours of sleep gained by ten patients (R: t.test(..., paired = TRUE)).
  const first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
  const second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

  it('gives what Student found', () => {
    const { difference, interval, effect, p } = paired(first, second);
    near(difference, -1.58, 1e-12);
    near(p, 0.002832890197, 1e-8);
    near(interval?.low, -2.459885763, 1e-6);
    near(interval?.high, -0.7001142372, 1e-6);
    near(effect, -4.062127683 / Math.sqrt(10), 1e-8);
  });

  it('turns its sign, and nothing else, when the sides change', () => {
    const one = paired(first, second);
    const other = paired(second, first);
    near(other.difference, -one.difference, 1e-12);
    near(other.p, one.p ?? NaN, 1e-12);
  });

  it('sees a small difference through what both share', () => {
    const draw = stream(1, 'shared');
    const shared = Array.from({ length: 12 }, () => 100 * draw());
    const a = shared.map((v) => v + 0.5 + 0.2 * normal(draw()));
    const { p } = paired(a, shared);
    assert.ok(p !== undefined && p < 0.001, String(p));
  });

  it('calls about one in twenty equal pairs different at 5 %', () => {
    const draw = stream(3, 'null');
    const values = (): number[] => Array.from({ length: 8 }, () => normal(draw()));
    let called = 0;
    for (let i = 0; i < 2000; i++) if ((paired(values(), values()).p ?? 1) < 0.05) called++;
    assert.ok(called / 2000 > 0.035 && called / 2000 < 0.065, String(called));
  });

  it('is sure of differences that do not vary', () => {
    assert.equal(paired([2, 3], [1, 2]).p, 0);
    assert.equal(paired([1, 2], [1, 2]).p, 1);
    assert.deepEqual(paired([3], [1]), { pairs: 1, difference: 2 });
  });

  it('refuses sides of unlike length', () => assert.throws(() => paired([1], []), /1 and 0/));
});

describe("Holm's correction", () => {
  it('is as worked by hand', () => {
    const got = holm([0.01, 0.04, 0.03, 0.005]);
    for (const [i, want] of [0.03, 0.06, 0.06, 0.02].entries()) near(got[i], want, 1e-12);
  });

  it('never lowers a p-value, keeps their order, and asks no more than Bonferroni', () => {
    const p = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(p, { minLength: 1, maxLength: 12 }), (values) => {
        const corrected = holm(values);
        for (const [i, value] of values.entries()) {
          const now = corrected[i] ?? NaN;
          assert.ok(value <= now && now <= Math.min(1, values.length * value));
          for (const [j, other] of values.entries())
            if (value < other) assert.ok(now <= (corrected[j] ?? NaN));
        }
      }),
    );
  });
});
