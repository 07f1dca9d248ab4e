import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { Ledger } from './ledger.ts';
import type { Claim } from './ledger.ts';

const HOSTS = 3;
const ARCS = 4;
const claim: fc.Arbitrary<Claim> = fc.record({
  owner: fc.constantFrom('a', 'b', 'c'),
  hosts: fc.array(
    fc.record({
      host: fc.nat(HOSTS - 1),
      amounts: fc.tuple(fc.nat(64_000), fc.integer({ min: 0, max: 2 ** 44 })).map((pair) => [...pair]),
    }),
    { maxLength: 3 },
  ),
  arcs: fc.array(fc.record({ arc: fc.nat(ARCS - 1), bps: fc.double({ min: 0, max: 1e12, noNaN: true }) }), {
    maxLength: 3,
  }),
});

describe('Ledger', () => {
  it('returns to zero after any adds and releases, in any order', () => {
    fc.assert(
      fc.property(
        fc.array(claim, { maxLength: 20 }),
        fc.shuffledSubarray(['a', 'b', 'c'], { minLength: 3 }),
        fc.nat(20),
        (claims, order, early) => {
          const ledger = new Ledger(HOSTS, 2, ARCS);
          for (const [i, one] of claims.entries()) {
            if (i === early) ledger.release(one.owner);
            ledger.add(one);
          }
          for (const owner of order) ledger.release(owner);
          assert.deepEqual(ledger.owners(), []);
          assert.ok([...ledger.used, ...ledger.reserved].every((amount) => amount === 0));
        },
      ),
    );
  });

  it('holds the same sums whatever the order of the claims', () => {
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 12 }), (claims) => {
        const sums = (list: readonly Claim[]): unknown => {
          const ledger = new Ledger(HOSTS, 2, ARCS);
          for (const one of list) ledger.add(one);
          return [ledger.used, ledger.reserved];
        };
        assert.deepEqual(sums(claims), sums(claims.toReversed()));
      }),
    );
  });

  it('releases all claims of an owner and nothing of another', () => {
    const ledger = new Ledger(1, 1, 1);
    const one = (owner: string): Claim => ({
      owner,
      hosts: [{ host: 0, amounts: [3] }],
      arcs: [{ arc: 0, bps: 7 }],
    });
    for (const owner of ['a', 'b', 'a']) ledger.add(one(owner));
    ledger.release('a');
    ledger.release('nobody');
    assert.deepEqual([ledger.used[0], ledger.reserved[0], ledger.owners()], [3, 7, ['b']]);
  });
});
