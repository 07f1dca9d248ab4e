import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { erlangC, queueWait } from './queueing.ts';

/** Erlang C from its textbook sum: no recursion shared with the code. */
function erlangSum(offered: number, servers: number): number {
  let term = 1;
  let sum = 0;
  for (let k = 0; k < servers; k++) {
    sum += term;
    term *= offered / (k + 1);
  }
  const last = term / (1 - offered / servers);
  return last / (sum + last);
}

describe('erlangC', () => {
  // Probability of waiting in M/M/c, from published Erlang C tables (offered load in erlang, servers).
  const table: readonly (readonly [number, number, number])[] = [
    [0.5, 1, 0.5],
    [1, 2, 1 / 3],
    [2, 3, 4 / 9],
    [3, 4, 0.5094],
    [4, 5, 0.5541],
    [8, 10, 0.4092],
    [15, 20, 0.1604],
  ];
  for (const [offered, servers, want] of table) {
    it(`${offered} erlang on ${servers} servers wait with probability ${want.toFixed(4)}`, () => {
      assert.ok(Math.abs(erlangC(offered, servers) - want) < 5e-5, String(erlangC(offered, servers)));
    });
  }

  it('is the textbook sum', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (servers, load) => {
          const offered = load * servers;
          return Math.abs(erlangC(offered, servers) - erlangSum(offered, servers)) < 1e-9;
        },
      ),
    );
  });
});

describe('queueWait', () => {
  const near = (found: number, want: number): void =>
    assert.ok(Math.abs(found - want) <= 1e-6 * Math.max(1, want), `${found}, want ${want}`);
  const cases: Record<string, { found: number; want: number }> = {
    'no rate, no wait': { found: queueWait(0, 1000), want: 0 },
    'no work, no wait': { found: queueWait(1000, 0), want: 0 },
    'M/M/1 at 0.5: s ρ/(1-ρ)': { found: queueWait(500, 1000), want: 1000 },
    'M/M/1 at 0.9': { found: queueWait(900, 1000), want: 9000 },
    'M/M/1 at 0.995 is still exact': { found: queueWait(995, 1000), want: 199_000 },
    'M/M/2 at 0.5: ρ²/(1-ρ²) s': { found: queueWait(1000, 1000, 2), want: 1000 / 3 },
    'M/M/3 at 2/3': { found: queueWait(2000, 1000, 3), want: 1000 * (4 / 9) },
    'M/D/1 waits half of M/M/1': { found: queueWait(500, 1000, 1, 1, 0), want: 500 },
    'Allen-Cunneen: (ca² + cs²)/2 times M/M/c': { found: queueWait(1000, 1000, 2, 0.5, 2), want: 1250 / 3 },
    'overload grows with the window': {
      found: queueWait(1500, 1000, 1, 1, 1, 10),
      want: 99_000 + (0.51 * 10e6) / 2,
    },
  };
  for (const [name, { found, want }] of Object.entries(cases)) it(name, () => near(found, want));

  it('is finite and rises with load', () => {
    const load = fc.double({ min: 0, max: 5, noNaN: true });
    fc.assert(
      fc.property(load, load, fc.integer({ min: 1, max: 8 }), (a, b, servers) => {
        const wait = (x: number): number => queueWait(x * servers * 100, 10_000, servers);
        const [low, high] = [wait(Math.min(a, b)), wait(Math.max(a, b))];
        return Number.isFinite(high) && low >= 0 && low <= high * (1 + 1e-12);
      }),
    );
  });
});
