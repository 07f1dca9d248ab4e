import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { asFound, HOLD_MS, NOTHING, step } from './drain.ts';
import type { Drained } from './drain.ts';
import { TOTAL } from './weights.ts';

const shares = (given: Record<string, number>): Map<string, number> => new Map(Object.entries(given));
const all = new Set(['a', 'b', 'c', 'd']);
const told = ({ weights }: Drained): Record<string, number> => Object.fromEntries(weights);

describe('the way in and out of a route', () => {
  it('is direct when nothing was written before', () => {
    const { state, againMs } = step(NOTHING, { shares: shares({ a: 0.75, b: 0.25 }), alive: all, nowMs: 0 });
    assert.deepEqual(told(state), { a: 7_500, b: 2_500 });
    assert.equal(againMs, undefined);
  });

  it('goes through weight 1, then out of the route, and only then is the backend forgotten', () => {
    const wanted = shares({ a: 1 });
    const seen: [Record<string, number>, boolean][] = [];
    let state = asFound(new Map([['a', 6_000], ['b', 4_000]])); // prettier-ignore
    for (const nowMs of [0, 1, HOLD_MS, HOLD_MS + 1, 2 * HOLD_MS]) {
      ({ state } = step(state, { shares: wanted, alive: all, nowMs }));
      seen.push([told(state), state.stands.has('b')]);
    }
    assert.deepEqual(seen, [
      [{ a: 9_999, b: 1 }, true],
      [{ a: 9_999, b: 1 }, true],
      [{ a: 10_000 }, true],
      [{ a: 10_000 }, true],
      [{ a: 10_000 }, false],
    ]);
  });

  it('lets a new backend in through weight 1', () => {
    const wanted = shares({ a: 0.5, b: 0.5 });
    const first = step(asFound(new Map([['a', TOTAL]])), { shares: wanted, alive: all, nowMs: 0 });
    assert.deepEqual(told(first.state), { a: 9_999, b: 1 });
    assert.equal(first.againMs, HOLD_MS);
    const then = step(first.state, { shares: wanted, alive: all, nowMs: HOLD_MS });
    assert.deepEqual(told(then.state), { a: 5_000, b: 5_000 });
    assert.equal(then.againMs, undefined);
  });

  it('takes a dead backend out at once and gives its share to the others', () => {
    const before = asFound(new Map([['a', 5_000], ['b', 3_000], ['c', 2_000]])); // prettier-ignore
    const alive = new Set(['a', 'c']);
    const { state } = step(before, { shares: shares({ a: 0.5, c: 0.2 }), alive, nowMs: 0 });
    assert.deepEqual(told(state), { a: 7_143, c: 2_857 });
  });

  it('leaves a small change unwritten, and what nobody can take as it is', () => {
    const before = asFound(new Map([['a', 5_000], ['b', 5_000]])); // prettier-ignore
    const small = step(before, { shares: shares({ a: 0.502, b: 0.498 }), alive: all, nowMs: 0 });
    assert.equal(small.state.weights, before.weights);
    const large = step(before, { shares: shares({ a: 0.51, b: 0.49 }), alive: all, nowMs: 0 });
    assert.deepEqual(told(large.state), { a: 5_100, b: 4_900 });
    assert.equal(step(before, { shares: shares({}), alive: new Set(), nowMs: 0 }).state, before);
  });

  it('takes one back in full that is wanted again while it leaves', () => {
    const leaving = step(asFound(new Map([['a', 5_000], ['b', 5_000]])), { shares: shares({ a: 1 }), alive: all, nowMs: 0 }); // prettier-ignore
    const { state } = step(leaving.state, { shares: shares({ a: 0.5, b: 0.5 }), alive: all, nowMs: 10 });
    assert.deepEqual(told(state), { a: 5_000, b: 5_000 });
  });

  it('keeps calls where they are until what replaces them is in', () => {
    const seen: Record<string, number>[] = [];
    let state = asFound(new Map([['a', TOTAL]]));
    for (const nowMs of [0, HOLD_MS, 2 * HOLD_MS]) {
      ({ state } = step(state, { shares: shares({ b: 1 }), alive: all, nowMs }));
      seen.push(told(state));
    }
    assert.deepEqual(seen, [{ a: 9_999, b: 1 }, { a: 1, b: 9_999 }, { b: TOTAL }]);
  });

  it('keeps the sum, names no backend that has no stand, settles, and then writes nothing more', () => {
    const goals = fc.array(
      fc.record({
        shares: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 1, max: 1_000 })),
        alive: fc.subarray(['a', 'b', 'c', 'd']),
        afterMs: fc.integer({ min: 0, max: 3_000 }),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(goals, (list) => {
        let state = NOTHING;
        let nowMs = 0;
        for (const { shares: given, alive: names, afterMs } of list) {
          const alive = new Set(names);
          const live = shares(Object.fromEntries(Object.entries(given).filter(([g]) => alive.has(g))));
          nowMs += afterMs;
          const before = state;
          ({ state } = step(before, { shares: live, alive, nowMs }));
          const sum = [...state.weights.values()].reduce((a, b) => a + b, 0);
          assert.ok(sum === TOTAL || state.weights.size === 0);
          for (const group of state.weights.keys()) assert.ok(state.stands.has(group));
          const worked = [...before.stands].some(
            ([g, { phase }]) => alive.has(g) && (phase === 'live' || phase === 'leaving'),
          );
          for (const [group, weight] of before.weights)
            if (alive.has(group) && live.size > 0 && weight > 1)
              assert.ok((state.weights.get(group) ?? 0) >= 1, 'a live backend never goes straight to 0');
          for (const [group, weight] of state.weights)
            if (worked && !before.weights.has(group)) assert.equal(weight, 1, 'nor straight from 0');
          // It settles by itself on exactly what is wanted, and stays there.
          let settled = state;
          for (let i = 1; i <= 4; i++)
            ({ state: settled } = step(settled, { shares: live, alive, nowMs: nowMs + i * HOLD_MS }));
          const again = step(settled, { shares: live, alive, nowMs: nowMs + 9 * HOLD_MS });
          assert.equal(again.state.weights, settled.weights);
          if (live.size > 0) assert.equal(again.againMs, undefined);
        }
      }),
    );
  });
});
