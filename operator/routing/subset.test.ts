import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { subsetCounts } from './subset.ts';

const map = (given: Record<string, number>): Map<string, number> => new Map(Object.entries(given));

describe('subsetCounts', () => {
  const cases: Record<string, [Record<string, number>, Record<string, number>, Record<string, number>]> = {
    'three quarters of four': [
      { a: 0.75, b: 0.25 },
      { a: 3, b: 3 },
      { a: 3, b: 1 },
    ],
    'an even split keeps everybody': [
      { a: 1, b: 1 },
      { a: 4, b: 4 },
      { a: 4, b: 4 },
    ],
    'a share nobody can be found for is left out': [{ a: 0.9, b: 0.1 }, { a: 1, b: 1 }, { a: 1 }],
    'a group without replicas has none': [{ a: 0.5, b: 0.5 }, { a: 2 }, { a: 2 }],
    'a zero share receives none': [{ a: 1, b: 0 }, { a: 2, b: 2 }, { a: 2 }],
    nobody: [{ a: 1 }, {}, {}],
  };
  for (const [name, [shares, ready, want]] of Object.entries(cases))
    it(name, () => assert.deepEqual(Object.fromEntries(subsetCounts(map(shares), map(ready))), want));

  it('never lists more than is ready, and with n replicas of each is at most 1/n off', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 2, max: 12 }),
        (list, n) => {
          const shares = map(Object.fromEntries(list.map((s, i) => [`g${i}`, s])));
          const counts = subsetCounts(shares, map(Object.fromEntries(list.map((_, i) => [`g${i}`, n]))));
          const total = [...counts.values()].reduce((a, b) => a + b, 0);
          const sum = list.reduce((a, b) => a + b, 0);
          assert.ok(total >= 1);
          for (const [g, share] of shares) {
            const count = counts.get(g) ?? 0;
            assert.ok(count <= n);
            assert.ok(Math.abs(count / total - share / sum) <= 1 / n + 0.02 + 1e-9);
          }
        },
      ),
    );
  });
});
