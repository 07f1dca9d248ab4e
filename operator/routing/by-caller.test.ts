import assert from 'node:assert/strict';
import fc from 'fast-check';
import { inAll, weightsByCaller } from './by-caller.ts';
import type { ByCaller } from './by-caller.ts';
import { step, NOTHING } from './drain.ts';
import type { Drained, Phase } from './drain.ts';
import { liveShares, mergeSmallest, toPpm } from './weights.ts';

type Shares = Readonly<Record<string, Readonly<Record<string, number>>>>;

const NONE: ByCaller = new Map();
const callers = (shares: Shares): Map<string, Map<string, number>> =>
  new Map(Object.entries(shares).map(([region, of]) => [region, new Map(Object.entries(of))]));

/** An edge whose callers call by these shares, with the groups that have no replica. */
function given(shares: Shares, dead: readonly string[] = []) {
  const byCaller = callers(shares);
  const all = new Map<string, number>();
  for (const of of byCaller.values())
    for (const [group, share] of of) all.set(group, (all.get(group) ?? 0) + share);
  const wanted = [...all].map(([group, share]) => ({ group, share, ready: dead.includes(group) ? 0 : 1 }));
  const standsFor = mergeSmallest(wanted);
  return { edge: { wanted, byCaller }, standsFor };
}

const standing = (stands: Readonly<Record<string, readonly [Phase, number]>>): Drained => ({
  weights: new Map(Object.entries(stands).map(([group, [, weight]]) => [group, weight])),
  stands: new Map(Object.entries(stands).map(([group, [phase]]) => [group, { phase, sinceMs: 0 }])),
});
const plain = (byCaller: ByCaller): object =>
  Object.fromEntries([...byCaller].map(([region, weights]) => [region, Object.fromEntries(weights)]));

describe('weights by the region of the caller', () => {
  const both = given({ north: { north: 45, south: 5 }, south: { south: 50 } });
  const live = standing({ north: ['live', 4_500], south: ['live', 5_500] });

  it('are each region’s own shares, and come to those of all calls', () => {
    const made = weightsByCaller(NONE, both.edge, both.standsFor, live);
    assert.deepEqual(plain(made), { north: { north: 9_000, south: 1_000 }, south: { south: 10_000 } });
    assert.deepEqual(Object.fromEntries(toPpm(inAll(both.edge, made, live.weights))), { north: 450_000, south: 550_000 }); // prettier-ignore
  });

  it('are those of all calls when one region calls alone', () => {
    const { edge, standsFor } = given({ north: { north: 7, south: 3 } });
    assert.equal(weightsByCaller(NONE, edge, standsFor, live).size, 0);
    assert.equal(inAll(edge, NONE, live.weights), live.weights);
  });

  it('leave out a group without replicas, and a region that has no other', () => {
    const { edge, standsFor } = given(
      { north: { north: 45, south: 5 }, south: { south: 50 }, west: { north: 1 } },
      ['south'],
    );
    const drained = standing({ north: ['live', 10_000], south: ['left', 0] });
    assert.deepEqual(plain(weightsByCaller(NONE, edge, standsFor, drained)), {
      north: { north: 10_000 },
      west: { north: 10_000 },
    });
  });

  it('let a group come and go through weight 1 for everybody', () => {
    const drained = standing({ north: ['live', 9_998], south: ['entering', 1], west: ['leaving', 1] });
    const made = weightsByCaller(NONE, both.edge, both.standsFor, drained);
    assert.deepEqual(plain(made), { north: { south: 1, west: 1, north: 9_998 } });
  });

  it('are not told anew for half a percent', () => {
    const before = weightsByCaller(NONE, both.edge, both.standsFor, live);
    const { edge } = given({ north: { north: 45.1, south: 4.9 }, south: { south: 50 } });
    assert.equal(weightsByCaller(before, edge, both.standsFor, live).get('north'), before.get('north'));
    const more = given({ north: { north: 46, south: 4 }, south: { south: 50 } });
    assert.equal(weightsByCaller(before, more.edge, both.standsFor, live).get('north')?.get('south'), 800);
  });

  it('sum to 10,000 and name only groups that stand, whatever is wanted', () => {
    const names = ['a', 'b', 'c', 'd'];
    const shares = fc.dictionary(
      fc.constantFrom(...names),
      fc.dictionary(fc.constantFrom(...names), fc.double({ min: 0, max: 1e6, noNaN: true })),
    );
    fc.assert(
      fc.property(shares, fc.subarray(names), (of, dead) => {
        const { edge, standsFor } = given(of, dead);
        const alive = new Set(edge.wanted.filter(({ ready }) => ready > 0).map(({ group }) => group));
        const { state } = step(NOTHING, { shares: liveShares(edge.wanted, standsFor), alive, nowMs: 0 });
        for (const own of weightsByCaller(NONE, edge, standsFor, state).values()) {
          assert.equal(
            [...own.values()].reduce((a, b) => a + b, 0),
            10_000,
          );
          for (const group of own.keys()) assert.ok(state.stands.has(group) && alive.has(group));
        }
      }),
    );
  });
});
