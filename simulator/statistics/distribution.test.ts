import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Histogram, bucketOf } from '../engine/histogram.ts';
import type { Distribution } from '../result.ts';
import { EMPTY, cumulative, merged, quantileOf } from './distribution.ts';
import { jain } from './moments.ts';

function distributionOf(values: readonly number[]): Distribution {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value, bucketOf(value));
  return histogram.distribution;
}

const values = fc.array(fc.integer({ min: 1, max: 10_000_000 }), { minLength: 1, maxLength: 60 });
const close = (got: number, want: number, share: number): void =>
  assert.ok(Math.abs(got - want) <= share * Math.max(1, Math.abs(want)), `${got} is not ${want}`);

describe('a distribution', () => {
  it('has quantiles within 1 % of the nearest rank', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (all, q) => {
        const sorted = all.toSorted((a, b) => a - b);
        const rank = Math.max(1, Math.ceil(q * sorted.length));
        close(quantileOf(distributionOf(all), q), sorted[rank - 1] ?? NaN, 0.0101);
      }),
    );
  });

  it('merged is the distribution of all values', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const got = merged([distributionOf(a), EMPTY, distributionOf(b)]);
        const want = distributionOf([...a, ...b]);
        assert.deepEqual(got.buckets, want.buckets);
        assert.equal(got.count, want.count);
        assert.equal(got.max, want.max);
        close(got.mean, want.mean, 1e-9);
        close(got.deviation, want.deviation, 1e-3);
      }),
    );
  });

  it('rises to 1', () => {
    fc.assert(
      fc.property(values, (all) => {
        const points = cumulative(distributionOf(all));
        assert.equal(points.at(-1)?.share, 1);
        for (const [i, point] of points.entries()) assert.ok(point.share > (points[i - 1]?.share ?? 0));
      }),
    );
  });

  it('of nothing is 0 everywhere', () => {
    assert.deepEqual(merged([]), EMPTY);
    assert.equal(quantileOf(EMPTY, 0.5), 0);
    assert.deepEqual(cumulative(EMPTY), []);
  });
});

describe("Jain's index", () => {
  it('is 1 for equals, 1/n for one that has everything, 1 when nobody has anything', () => {
    assert.equal(jain([3, 3, 3]), 1);
    assert.equal(jain([5, 0, 0, 0]), 0.25);
    assert.equal(jain([0, 0]), 1);
  });
});
