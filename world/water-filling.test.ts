import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Room } from './room.ts';
import { waterFill } from './water-filling.ts';
import type { Callee } from './water-filling.ts';

/** Calls/s that leave one host, with the transfer time to each callee; none where it is Infinity. */
interface Source {
  readonly rate: number;
  readonly micros: readonly number[];
}

/** Shares where every link has room. */
const fill = (sources: readonly Source[], callees: readonly Callee[]): number[][] =>
  waterFill(
    sources.map(({ rate, micros }) => ({
      rate,
      bps: 0,
      ways: micros.flatMap((time, k) => (time === Infinity ? [] : [{ callee: k, micros: time, arcs: [] }])),
    })),
    callees,
    new Room(new Float64Array()),
    { parts: 200, rounds: 3 },
  );

const callee = (serviceMicros: number, over: Partial<Callee> = {}): Callee => ({
  serviceMicros,
  replicas: 1,
  ...over,
});

/** One part of a flow, with some slack: shares are only that fine. */
const PART = 0.011;

const near = (actual: readonly number[] | undefined, wanted: readonly number[]): void => {
  assert.equal(actual?.length, wanted.length);
  for (const [i, share] of wanted.entries())
    assert.ok(Math.abs((actual[i] ?? NaN) - share) <= PART, `${actual.join()} is not ${wanted.join()}`);
};

describe('waterFill', () => {
  it('keeps everything local while the local replica is idle', () => {
    near(fill([{ rate: 1, micros: [0, 2000] }], [callee(5000), callee(5000)])[0], [1, 0]);
  });

  it('spills over when the local replica is loaded', () => {
    const [shares] = fill([{ rate: 180, micros: [0, 2000] }], [callee(5000), callee(5000)]);
    assert.ok((shares?.[0] ?? 0) > 0.5 && (shares?.[1] ?? 0) > 0.3, shares?.join());
  });

  it('is even over equals, and in the proportion of replicas', () => {
    near(fill([{ rate: 150, micros: [0, 0] }], [callee(5000), callee(5000)])[0], [0.5, 0.5]);
    near(fill([{ rate: 300, micros: [0, 0] }], [callee(5000, { replicas: 2 }), callee(5000)])[0], [
      2 / 3,
      1 / 3,
    ]);
  });

  it('follows the rule of equal marginal costs of M/M/1', () => {
    // Services of 4 and 8 ms: 4 / (1 - 0.004 x)² = 8 / (1 - 0.008 (150 - x))² at x = 118.2.
    near(fill([{ rate: 150, micros: [0, 0] }], [callee(4000), callee(8000)])[0], [0.788, 0.212]);
  });

  it('shares what overflows by capacity', () => {
    near(fill([{ rate: 4000, micros: [0, 5000] }], [callee(1000), callee(1000)])[0], [0.5, 0.5]);
  });

  it('keeps callers with a replica of their own apart', () => {
    const callers: Source[] = [
      { rate: 50, micros: [0, 3000] },
      { rate: 50, micros: [3000, 0] },
    ];
    const [first, second] = fill(callers, [callee(4000), callee(4000)]);
    near(first, [1, 0]);
    near(second, [0, 1]);
  });

  it('sends nothing where no way leads, and spreads evenly where none leads anywhere', () => {
    near(fill([{ rate: 500, micros: [0, Infinity] }], [callee(4000), callee(4000)])[0], [1, 0]);
    near(fill([{ rate: 5, micros: [Infinity, Infinity] }], [callee(1), callee(1)])[0], [0.5, 0.5]);
  });

  const micros = fc.integer({ min: 0, max: 20_000 });
  const worlds = fc.record({
    callees: fc.array(
      fc.record({
        serviceMicros: fc.integer({ min: 100, max: 20_000 }),
        replicas: fc.integer({ min: 1, max: 3 }),
        load: fc.integer({ min: 0, max: 100 }),
        micros,
      }),
      { minLength: 1, maxLength: 5 },
    ),
    rate: fc.integer({ min: 0, max: 500 }),
  });

  it('sends no more to a callee that is loaded more or lies farther away', () => {
    fc.assert(
      fc.property(worlds, fc.nat(4), fc.nat(100), fc.nat(20_000), ({ callees, rate }, at, load, away) => {
        const k = at % callees.length;
        const share = (more: number, farther: number): number =>
          fill(
            [{ rate, micros: callees.map((c, i) => c.micros + (i === k ? farther : 0)) }],
            callees.map((c, i) => ({ ...c, load: c.load + (i === k ? more : 0) })),
          )[0]?.[k] ?? NaN;
        const before = share(0, 0);
        assert.ok(share(load, 0) <= before + PART);
        assert.ok(share(0, away) <= before + PART);
      }),
    );
  });

  it('calls each callee no less when there are more calls', () => {
    fc.assert(
      fc.property(worlds, fc.integer({ min: 0, max: 500 }), ({ callees, rate }, more) => {
        const flows = (calls: number): number[] =>
          (fill([{ rate: calls, micros: callees.map((c) => c.micros) }], callees)[0] ?? []).map(
            (share) => share * calls,
          );
        const [before, after] = [flows(rate), flows(rate + more)];
        for (const [k, flow] of before.entries())
          assert.ok((after[k] ?? 0) >= flow - 2 * PART * (rate + more), `${before.join()} ${after.join()}`);
      }),
    );
  });

  /** A caller with two ways to one callee: a short one of 30 bit/s over arc 0, a long one over arc 1; arc 2 is at another callee. */
  const narrow = (bps: number, free: readonly number[]): { shares: number[]; room: Room } => {
    const room = new Room(Float64Array.from(free));
    const ways = [
      { callee: 0, micros: 100, arcs: [0] },
      { callee: 0, micros: 500, arcs: [1] },
      { callee: 1, micros: 2000, arcs: [2] },
    ];
    const grain = { parts: 100, rounds: 3 };
    const [shares = []] = waterFill([{ rate: 1, bps, ways }], [callee(10), callee(10)], room, grain);
    return { shares, room };
  };

  it('takes the next way, then the next callee, when a link is full, and never more than there is room for', () => {
    near(narrow(20, [30, 40, 99]).shares, [1, 0]);
    near(narrow(60, [30, 40, 99]).shares, [1, 0]);
    const { shares, room } = narrow(100, [30, 40, 99]);
    near(shares, [0.7, 0.3]);
    assert.ok(!room.has([0], 1) && !room.has([1], 1) && room.has([2], 69));
  });

  it('goes where it costs least when there is no room anywhere', () => {
    near(narrow(100, [0, 0, 0]).shares, [1, 0]);
  });

  it('gives every caller shares that sum to one', () => {
    fc.assert(
      fc.property(worlds, ({ callees, rate }) => {
        const callers = [1, 2].map((n) => ({ rate: rate * n, micros: callees.map((c) => c.micros * n) }));
        for (const shares of fill(callers, callees))
          assert.ok(Math.abs(shares.reduce((a, b) => a + b, 0) - 1) < 1e-9);
      }),
    );
  });
});
