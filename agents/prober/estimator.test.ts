import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Estimator, WINDOW } from './estimator.ts';

/** One look: every round trip the same but for those given. */
const look = (into: Estimator, rtt: number, others: readonly number[] = []): boolean => {
  let changed = false;
  for (let i = 0; i < WINDOW; i++) changed = into.add(others[i] ?? rtt, ++time) || changed;
  return changed;
};
let time = 0;
const rtt = (of: Estimator): number => of.estimate?.rttMicros ?? NaN;

describe('the estimate of a round trip', () => {
  it('is there after one look, not before', () => {
    const estimator = new Estimator();
    estimator.add(5_000, ++time);
    assert.equal(estimator.estimate, undefined);
    for (let i = 1; i < WINDOW; i++) estimator.add(5_000, ++time);
    assert.deepEqual(estimator.estimate, {
      rttMicros: 5_000,
      deviationMicros: 0,
      looks: 1,
      atMicros: time,
    });
  });

  it('does not see a few slow answers, nor one that is too quick', () => {
    const estimator = new Estimator();
    for (let i = 0; i < 10; i++) look(estimator, 5_000, [90_000, 40_000, 20_000, 5_000, 5_000]);
    assert.equal(rtt(estimator), 5_000);
    look(estimator, 5_000, [1]);
    assert.equal(rtt(estimator), 5_000);
  });

  it('holds one look back that is far off, and starts anew at the second', () => {
    const estimator = new Estimator();
    for (let i = 0; i < 10; i++) look(estimator, 5_000);
    assert.equal(look(estimator, 20_000), false);
    assert.equal(rtt(estimator), 5_000);
    look(estimator, 5_000);
    assert.equal(look(estimator, 20_000), false);
    assert.equal(look(estimator, 20_000), true);
    assert.equal(rtt(estimator), 20_000);
    assert.equal(estimator.estimate?.looks, 1);
    // One high and one low are no other route.
    assert.equal(look(estimator, 40_000), false);
    assert.equal(look(estimator, 1_000), false);
    assert.equal(rtt(estimator), 20_000);
  });

  it('takes a look of which most was answered, and none of which less was', () => {
    const estimator = new Estimator();
    for (let i = 0; i < 5; i++) estimator.add(3_000, ++time);
    estimator.end();
    assert.equal(rtt(estimator), 3_000);
    const atMicros = time;
    for (let i = 0; i < 4; i++) estimator.add(9_000, ++time);
    estimator.end();
    assert.equal(estimator.estimate?.atMicros, atMicros);
    assert.equal(rtt(estimator), 3_000);
  });

  it('takes no time that is none', () => {
    const estimator = new Estimator();
    for (const bad of [-1, NaN, Infinity, -Infinity]) for (let i = 0; i < WINDOW; i++) estimator.add(bad, 1);
    assert.equal(estimator.estimate, undefined);
  });

  it('law: it lies between the least and the greatest round trip, and comes within a tenth or 200 us of a steady one', () => {
    const noise = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 50, max: 200_000 }),
        fc.array(noise, { minLength: 100, maxLength: 200 }),
        (truth, noises) => {
          const estimator = new Estimator();
          // Most packets wait a little, every fourth waits long.
          const trips = noises.map((n, i) => truth + (i % 4 === 0 ? 50_000 * n : 100 * n));
          for (const trip of trips) estimator.add(trip, ++time);
          const found = rtt(estimator);
          assert.ok(found >= Math.min(...trips) && found <= Math.max(...trips));
          assert.ok(Math.abs(found - truth) <= Math.max(0.1 * truth, 200), `${found} of ${truth}`);
        },
      ),
    );
  });
});
