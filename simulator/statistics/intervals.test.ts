import assert from 'node:assert/strict';
import fc from 'fast-check';
import { normal, stream } from '../engine/random.ts';
import { bootstrap } from './bootstrap.ts';
import type { Interval } from './interval.ts';
import { mean } from './moments.ts';
import { clusteredWilson, designEffect, wilson } from './wilson.ts';

const near = (got: number, want: number, by = 1e-4): void =>
  assert.ok(Math.abs(got - want) <= by, `${got} is not ${want}`);

/** Share of many experiments whose interval holds the truth. */
function coverage(times: number, truth: number, experiment: (i: number) => Interval): number {
  let held = 0;
  for (let i = 0; i < times; i++) {
    const { low, high } = experiment(i);
    if (low <= truth && truth <= high) held++;
  }
  return held / times;
}

describe("Wilson's interval", () => {
  // Newcombe 1998, Statistics in Medicine 17, table I: method 3 (score without continuity correction).
  const published: readonly (readonly [number, number, number, number])[] = [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ];
  for (const [events, trials, low, high] of published)
    it(`of ${events} in ${trials} is as published`, () => {
      const got = wilson({ events, trials });
      near(got.low, low, 6e-5);
      near(got.high, high, 6e-5);
    });

  it('holds the rate, stays in [0, 1], and narrows with more trials', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 1, max: 1000 }), (events, trials) => {
        const few = wilson({ events: Math.min(events, trials), trials });
        const many = wilson({ events: 4 * Math.min(events, trials), trials: 4 * trials });
        const p = Math.min(events, trials) / trials;
        assert.ok(0 <= few.low && few.low <= p && p <= few.high && few.high <= 1);
        assert.ok(many.high - many.low < few.high - few.low);
      }),
    );
  });

  it('says nothing when nothing was tried', () =>
    assert.deepEqual(wilson({ events: 0, trials: 0 }), { low: 0, high: 1 }));

  it('covers a rate of 3 % about 95 times in 100', () => {
    const draw = stream(7, 'wilson');
    const covered = coverage(3000, 0.03, () => {
      let events = 0;
      for (let i = 0; i < 300; i++) if (draw() < 0.03) events++;
      return wilson({ events, trials: 300 });
    });
    assert.ok(covered > 0.925 && covered < 0.975, String(covered));
  });
});

describe('the interval of a rate over replications', () => {
  it('is the plain one for replications that differ no more than chance', () => {
    const groups = [
      { events: 10, trials: 100 },
      { events: 10, trials: 100 },
    ];
    assert.equal(designEffect(groups), 1);
    assert.deepEqual(clusteredWilson(groups), wilson({ events: 20, trials: 200 }));
  });

  it('counts replications, not requests, when violations come all together', () => {
    const groups = Array.from({ length: 10 }, (_, i) => ({ events: i < 5 ? 1000 : 0, trials: 1000 }));
    // Ten coins: variance of a group over p (1 - p) / 1000, with 9 instead of 10 degrees of freedom.
    near(designEffect(groups), 10_000 / 9, 1e-9);
    const { low, high } = clusteredWilson(groups);
    near((low + high) / 2, 0.5, 1e-9);
    assert.ok(high - low > 0.5);
  });

  it('covers the rate of clustered violations where the plain one does not', () => {
    const experiment = (i: number): { events: number; trials: number }[] => {
      const draw = stream(i, 'clusters');
      return Array.from({ length: 20 }, () => {
        const rate = 0.1 + 0.1 * (draw() - 0.5);
        let events = 0;
        for (let r = 0; r < 2000; r++) if (draw() < rate) events++;
        return { events, trials: 2000 };
      });
    };
    const plain = coverage(150, 0.1, (i) =>
      wilson(experiment(i).reduce((a, b) => ({ events: a.events + b.events, trials: a.trials + b.trials }))),
    );
    const clustered = coverage(150, 0.1, (i) => clusteredWilson(experiment(i)));
    assert.ok(plain < 0.7, String(plain));
    assert.ok(clustered > 0.88, String(clustered));
  });
});

describe('the bootstrap', () => {
  const sample = (seed: number, n: number): number[] => {
    const draw = stream(seed, 'sample');
    return Array.from({ length: n }, () => 10 + 2 * normal(draw()));
  };
  // Five replications have few resamples to choose from: a little short of 95 %, and documented so.
  for (const [n, least] of [
    [5, 0.89],
    [10, 0.92],
    [30, 0.92],
  ] as const)
    it(`covers the mean of ${n} replications about 95 times in 100`, () => {
      const covered = coverage(600, 10, (i) => {
        const interval = bootstrap(sample(i, n), mean, { seed: i, resamples: 400 });
        assert.ok(interval);
        return interval;
      });
      assert.ok(covered > least && covered < 0.99, String(covered));
    });

  it('is the same for the same seed and not for another', () => {
    const values = sample(1, 10);
    assert.deepEqual(bootstrap(values, mean), bootstrap(values, mean));
    assert.notDeepEqual(bootstrap(values, mean), bootstrap(values, mean, { seed: 2 }));
  });

  it('has nothing to say of one replication', () => assert.equal(bootstrap([1], mean), undefined));
});
