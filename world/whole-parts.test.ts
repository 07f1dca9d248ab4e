import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { wholeParts } from './whole-parts.ts';

describe('wholeParts', () => {
  // The first three: karmada-io/karmada, pkg/scheduler/core/division_algorithm_test.go; the last: a split of Istio's documentation.
  const cases: readonly (readonly [readonly number[], number, readonly number[]])[] = [
    [[18, 12, 6], 12, [6, 4, 2]],
    [[20, 12, 6], 12, [6, 4, 2]],
    [[6, 12, 6], 12, [3, 6, 3]],
    [[70, 20, 0, 10], 1_000_000, [700_000, 200_000, 0, 100_000]],
    [[1, 1, 1], 1_000_000, [333_334, 333_333, 333_333]],
    [[0, 0], 5, [0, 0]],
    [[], 5, []],
  ];
  for (const [shares, total, want] of cases)
    it(`${total} in ${shares.join(' : ')} is ${want.join(' : ')}`, () =>
      assert.deepEqual(wholeParts(shares, total), want));

  it('sum to the total exactly, give nothing for nothing, and are never a whole part off', () => {
    const share = fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e6, noNaN: true }));
    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: 12 }), fc.nat(1_000_000), (shares, total) => {
        const sum = shares.reduce((a, b) => a + b, 0);
        if (sum === 0) return;
        const parts = wholeParts(shares, total);
        assert.equal(
          parts.reduce((a, b) => a + b, 0),
          total,
        );
        for (const [i, part] of parts.entries()) {
          if (shares[i] === 0) assert.equal(part, 0);
          assert.ok(Math.abs(part - (shares[i]! / sum) * total) < 1 + 1e-6);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
