import assert from 'node:assert/strict';
import type { Period } from '../result.ts';
import { burstsOf, failuresOf, recoveryMicros, usualShare, violationShare } from './recovery.ts';

/** Periods of 10 s with these violations of 100 requests each, and so many nodes down. */
const timeline = (violations: readonly number[], down: readonly number[] = []): Period[] =>
  violations.map((violated, i) => ({
    atMicros: i * 10_000_000,
    arrived: 100,
    completed: 100,
    violated,
    meanLatencyMicros: 1,
    p95LatencyMicros: 1,
    utilisation: 0,
    balance: 1,
    replicas: 1,
    moves: 0,
    nodesDown: down[i] ?? 0,
  }));

describe('time to recover', () => {
  const cases: readonly (readonly [string, readonly number[], number, number | undefined])[] = [
    ['nothing when service never left', [0, 1, 5, 2, 0], 10, 0],
    ['the time to the first of three good periods', [0, 50, 60, 3, 2, 1], 10, 20],
    ['a single good period is not enough', [0, 50, 0, 50, 0, 0, 0], 10, 30],
    ['from the moment, not from its period', [0, 50, 0, 0, 0], 14, 6],
    ['without end when it does not come back', [0, 50, 0, 0], 10, Infinity],
    ['unknown beyond the timeline', [0, 0, 0], 60, undefined],
  ];
  for (const [name, violations, atSeconds, want] of cases)
    it(name, () =>
      assert.equal(
        recoveryMicros(timeline(violations), atSeconds * 1e6),
        want === undefined ? undefined : want * 1e6,
      ),
    );

  describe('bursts', () => {
    const arrivals = (counts: readonly number[]): Period[] =>
      timeline(counts.map(() => 0)).map((period, i) => ({ ...period, arrived: counts[i] ?? 0 }));
    const usual = Array.from({ length: 20 }, (_, i) => 95 + (i % 10));
    const cases: Readonly<Record<string, readonly [readonly number[], readonly (readonly number[])[]]>> = {
      'three times as many for four periods': [[300, 300, 300, 300, 100, 100], [[200, 240]]],
      'two periods are chance': [[300, 300, 100, 100], []],
      'a slow rise is none': [Array.from({ length: 60 }, (_, i) => 100 + 3 * i), []],
      'one that lasts to the end has no after': [[300, 300, 300, 300], []],
      'two of them': [
        [200, 200, 200, 100, 100, 200, 200, 200, 100],
        [
          [200, 230],
          [250, 280],
        ],
      ],
    };
    for (const [name, [counts, want]] of Object.entries(cases))
      it(name, () =>
        assert.deepEqual(
          burstsOf(arrivals([...usual, ...counts])).map((b) => [b.fromMicros / 1e6, b.untilMicros / 1e6]),
          want,
        ),
      );
  });

  it('failures are where more nodes are down than before', () =>
    assert.deepEqual(failuresOf(timeline([0, 0, 0, 0, 0, 0], [0, 2, 2, 1, 3, 3])), [20e6, 50e6]));
});

describe('what was usual', () => {
  it('is the share of all requests between two moments', () =>
    assert.equal(usualShare(timeline([100, 10, 30, 100]), 10e6, 30e6), 0.2));
});

describe('violations per request', () => {
  it('are at most 1, and 0 without requests', () => {
    assert.equal(violationShare({ arrived: 4, violated: 5 }), 1);
    assert.equal(violationShare({ arrived: 0, violated: 0 }), 0);
  });
});
