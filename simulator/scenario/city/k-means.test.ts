import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Place } from './geography.ts';
import { clustersOf } from './k-means.ts';
import { neighbours } from './neighbours.ts';

const place = (eastKm: number, northKm: number, weight = 1): Place => ({ eastKm, northKm, weight });
const coordinate = fc.integer({ min: -50, max: 50 });
const places = fc
  .uniqueArray(fc.tuple(coordinate, coordinate), { selector: String, minLength: 2, maxLength: 40 })
  .map((list) => list.map(([e, n]) => place(e, n)));

describe('clusters of places', () => {
  it('leave no cluster empty', () => {
    fc.assert(
      fc.property(places, fc.integer({ min: 1, max: 40 }), (list, wanted) => {
        const k = Math.min(wanted, list.length);
        assert.equal(new Set(clustersOf(list, k)).size, k);
      }),
    );
  });

  it('find groups that are far apart, from west to east', () => {
    const list = [place(100, 0), place(0, 0), place(101, 1), place(1, 0), place(50, 2)];
    assert.deepEqual([...clustersOf(list, 3)], [2, 0, 2, 0, 1]);
  });
});

describe('neighbours', () => {
  it('connect all places', () => {
    fc.assert(
      fc.property(places, (list) => {
        const reached = new Set([0]);
        const links = neighbours(list);
        for (const at of reached)
          for (const [a, b] of links) {
            if (a === at) reached.add(b);
            if (b === at) reached.add(a);
          }
        assert.equal(reached.size, list.length);
      }),
    );
  });
});
