import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  distance,
  liveShares,
  mergeSmallest,
  MOST_GROUPS,
  REST,
  toIntegers,
  toPpm,
  TOTAL,
} from './weights.ts';
import type { Wanted, Weights } from './weights.ts';

const sum = (weights: Weights): number => [...weights.values()].reduce((a, b) => a + b, 0);
const named = (shares: readonly number[]): Map<string, number> => new Map(shares.map((s, i) => [`g${i}`, s]));
const share = fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e6, noNaN: true }));

describe('weights', () => {
  it('sum exactly and are off by less than 1e-4, for 10,000 vectors of up to 16 groups', () => {
    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: MOST_GROUPS }), (shares) => {
        const all = shares.reduce((a, b) => a + b, 0);
        const weights = toIntegers(named(shares));
        assert.equal(sum(weights), all === 0 ? 0 : TOTAL);
        for (const [i, s] of shares.entries()) {
          const weight = weights.get(`g${i}`) ?? 0;
          assert.ok(Number.isSafeInteger(weight));
          if (s === 0) assert.equal(weight, 0);
          if (all > 0) assert.ok(Math.abs(weight / TOTAL - s / all) < 1e-4 + 1e-9);
        }
      }),
      { numRuns: 10_000 },
    );
  });

  // A split of Istio's documentation (70/20/0/10), and replicas of karmada-io/karmada, division_algorithm_test.go.
  const cases: Record<string, readonly [readonly number[], number, readonly number[]]> = {
    'a zero share receives none': [[70, 20, 0, 10], TOTAL, [7_000, 2_000, 1_000]],
    '12 over 18:12:6': [[18, 12, 6], 12, [6, 4, 2]],
    '12 over 20:12:6': [[20, 12, 6], 12, [6, 4, 2]],
    '12 over 6:12:6': [[6, 12, 6], 12, [3, 6, 3]],
    'thirds are as even as can be': [[1, 1, 1], TOTAL, [3_334, 3_333, 3_333]],
    'a share too small for a whole part gets none': [[1e9, 1], TOTAL, [TOTAL]],
  };
  for (const [name, [shares, total, want]] of Object.entries(cases))
    it(name, () => assert.deepEqual([...toIntegers(named(shares), total).values()], want));

  it('keep what is on its way in or out at the weight it was given', () => {
    const weights = toIntegers(
      new Map([
        ['a', 0.6],
        ['b', 0.4],
      ]),
      TOTAL,
      new Map([
        ['b', 1],
        ['c', 1],
        ['d', 0],
      ]),
    );
    assert.deepEqual(Object.fromEntries(weights), { a: 9_998, b: 1, c: 1 });
  });

  it('drop a group without a ready replica and renormalise the rest', () => {
    const wanted: Wanted[] = [
      { group: 'a', share: 0.5, ready: 2 },
      { group: 'b', share: 0.3, ready: 0 },
      { group: 'c', share: 0.2, ready: 1 },
    ];
    const weights = toIntegers(liveShares(wanted, mergeSmallest(wanted)));
    assert.deepEqual(Object.fromEntries(weights), { a: 7_143, c: 2_857 });
    const dead = wanted.map((w) => ({ ...w, ready: 0 }));
    assert.equal(liveShares(dead, mergeSmallest(dead)).size, 0);
  });

  it('stand for the smallest groups together when there are more than 16', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 40 }), (shares) => {
        const wanted = shares.map((s, i) => ({ group: `g${i}`, share: s, ready: 1 }));
        const standsFor = mergeSmallest(wanted);
        const live = liveShares(wanted, standsFor);
        assert.equal(live.size, Math.min(shares.length, MOST_GROUPS));
        assert.ok(Math.abs(sum(live) - 1) < 1e-9);
        const alone = wanted.filter(({ group }) => standsFor.get(group) === group);
        const merged = wanted.filter(({ group }) => standsFor.get(group) === REST);
        for (const { share: small } of merged)
          for (const { share: large } of alone) assert.ok(small <= large, 'only the smallest are merged');
      }),
    );
  });

  it('are told as parts per million that sum exactly', () => {
    const ppm = toPpm(new Map([['b', 1], ['a', 2]])); // prettier-ignore
    assert.deepEqual([...ppm], [['a', 666_667], ['b', 333_333]]); // prettier-ignore
    assert.equal(toPpm(new Map()).size, 0);
  });

  it('differ by what is sent elsewhere', () => {
    assert.equal(distance(named([5_000, 5_000]), named([5_000, 4_000, 1_000])), 2_000);
    assert.equal(distance(named([1]), named([1])), 0);
  });
});
