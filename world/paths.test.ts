import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { packGraph } from './graph.ts';
import type { Arc } from './graph.ts';
import { kShortestPaths } from './kshortest.ts';
import { arcsOf, paretoLabels, quickest, transmission } from './paths.ts';
import type { Usable } from './paths.ts';
import { split } from './split.ts';

/** One path by enumeration. */
interface Walk {
  readonly arcs: readonly number[];
  readonly latency: number;
  readonly bandwidth: number;
}

/** Every simple path from one vertex to another over arcs that may be used. */
function everyPath({ graph, free, allowed }: Usable, from: number, to: number): Walk[] {
  const found: Walk[] = [];
  const visit = (v: number, seen: ReadonlySet<number>, walk: Walk): void => {
    if (v === to) {
      found.push(walk);
      return;
    }
    for (let arc = graph.first[v]!; arc < graph.first[v + 1]!; arc++) {
      const head = graph.head[arc]!;
      if (allowed[arc] === 0 || free[arc]! < 0 || seen.has(head)) continue;
      visit(head, new Set([...seen, head]), {
        arcs: [...walk.arcs, arc],
        latency: walk.latency + graph.latency[arc]!,
        bandwidth: Math.min(walk.bandwidth, free[arc]!),
      });
    }
  };
  visit(from, new Set([from]), { arcs: [], latency: 0, bandwidth: Infinity });
  return found;
}
const time = (walk: Walk, bytes: number): number => walk.latency + transmission(bytes, walk.bandwidth);

/** Small graphs with parallel arcs, dead ends, zero latencies, full and overfull arcs. */
const VERTICES = 6;
const arcs = fc.array(
  fc.record({
    from: fc.nat(VERTICES - 1),
    to: fc.nat(VERTICES - 1),
    latency: fc.nat(9).map((n) => n * 100),
    free: fc.constantFrom(-5, 0, 1, 10, 20, 30, 40, 100).map((n) => n * 1_000_000),
    allowed: fc.boolean(),
  }),
  { minLength: 1, maxLength: 16 },
);
const usableOf = (
  list: readonly { from: number; to: number; latency: number; free: number; allowed?: boolean }[],
): Usable => {
  const kept = list.filter((a) => a.from !== a.to);
  const names = Array.from({ length: VERTICES }, (_, v) => `v${v}`);
  const packed: (Arc & { free: number; allowed: boolean })[] = kept.map((a, link) => ({
    from: a.from,
    to: a.to,
    latency: a.latency,
    jitter: 0,
    bandwidth: 100e6,
    success: 1,
    link,
    slices: new Set([`s${String(link).padStart(3, '0')}`]),
    free: a.free,
    allowed: a.allowed ?? true,
  }));
  const graph = packGraph(names, VERTICES, packed);
  const facts = Array.from(graph.link, (link) => packed[link]!);
  return {
    graph,
    free: Float64Array.from(facts, (f) => f.free),
    allowed: Uint8Array.from(facts, (f) => (f.allowed ? 1 : 0)),
  };
};
const mostlyAllowed = arcs.map((list) =>
  usableOf(list.map((a, i) => ({ ...a, allowed: a.allowed || i % 4 > 0 }))),
);
const bytes = fc.constantFrom(0, 100, 1250, 125_000);
const floor = fc.constantFrom(0, 1, 10e6, 25e6, 60e6);

describe('paretoLabels', () => {
  it('hold every way that no other beats in latency and bandwidth, each once, in order of latency', () => {
    fc.assert(
      fc.property(mostlyAllowed, (usable) => {
        const labels = paretoLabels(usable, 0);
        for (let v = 1; v < VERTICES; v++) {
          const all = everyPath(usable, 0, v).map(({ latency, bandwidth }) => ({ latency, bandwidth }));
          const best = all.filter(
            (a) =>
              !all.some(
                (b) =>
                  b.latency <= a.latency &&
                  b.bandwidth >= a.bandwidth &&
                  (b.latency < a.latency || b.bandwidth > a.bandwidth),
              ),
          );
          const want = new Set(best.map((b) => `${b.latency} ${b.bandwidth}`));
          const found = labels[v]!.map((l) => `${l.latency} ${l.bandwidth}`);
          assert.deepEqual(new Set(found), want);
          assert.equal(found.length, want.size);
          for (const label of labels[v]!) {
            const walk = arcsOf(label);
            assert.equal(
              walk.reduce((sum, arc) => sum + usable.graph.latency[arc]!, 0),
              label.latency,
            );
            assert.equal(Math.min(...walk.map((arc) => usable.free[arc]!)), label.bandwidth);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('give the quickest path for any payload and floor', () => {
    fc.assert(
      fc.property(mostlyAllowed, bytes, floor, (usable, size, least) => {
        const labels = paretoLabels(usable, 0);
        for (let v = 1; v < VERTICES; v++) {
          const times = everyPath(usable, 0, v)
            .filter((walk) => walk.bandwidth >= least)
            .map((walk) => time(walk, size));
          const label = quickest(labels[v]!, size, least);
          const found = label === undefined ? Infinity : label.latency + transmission(size, label.bandwidth);
          assert.equal(found, Math.min(Infinity, ...times));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('keep to the slices and to arcs that are not overfull; a full one carries what needs nothing', () => {
    const usable = usableOf([
      { from: 0, to: 1, latency: 1, free: 0 },
      { from: 0, to: 2, latency: 1, free: -1 },
      { from: 0, to: 3, latency: 1, free: 9, allowed: false },
    ]);
    const labels = paretoLabels(usable, 0);
    assert.deepEqual(
      labels.map((l) => l.length),
      [1, 1, 0, 0, 0, 0],
    );
    assert.notEqual(quickest(labels[1]!, 0, 0), undefined);
    assert.equal(quickest(labels[1]!, 1, 0), undefined);
    assert.equal(quickest(labels[1]!, 0, 1), undefined);
  });
});

describe('kShortestPaths', () => {
  it('are the first k of all simple paths with the floor, in order of time', () => {
    fc.assert(
      fc.property(mostlyAllowed, bytes, floor, fc.integer({ min: 1, max: 6 }), (usable, size, least, k) => {
        const all = everyPath(usable, 0, VERTICES - 1)
          .filter((walk) => walk.bandwidth >= least && time(walk, size) < Infinity)
          .map((walk) => time(walk, size))
          .toSorted((a, b) => a - b);
        const found = kShortestPaths(usable, 0, VERTICES - 1, k, size, least);
        assert.deepEqual(
          found.map((p) => p.latency),
          all.slice(0, k),
        );
        assert.equal(new Set(found.map((p) => p.arcs.join())).size, found.length, 'no path twice');
        for (const path of found) {
          const heads = [0, ...path.arcs.map((arc) => usable.graph.head[arc]!)];
          assert.equal(new Set(heads).size, heads.length, 'no vertex twice');
          assert.ok(path.bandwidth >= least);
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('a split over two paths', () => {
  /** Whether any two simple paths carry `bps` together, tried over all splits in steps of the rooms. */
  const possible = (usable: Usable, bps: number): boolean => {
    const all = everyPath(usable, 0, VERTICES - 1);
    return all.some((p, i) =>
      all.slice(i + 1).some((q) => {
        const both = p.arcs.filter((arc) => q.arcs.includes(arc));
        if (both.some((arc) => usable.free[arc]! < bps)) return false;
        const own = (walk: Walk): number =>
          Math.min(...walk.arcs.filter((arc) => !both.includes(arc)).map((arc) => usable.free[arc]!));
        return own(p) + own(q) >= bps && own(p) > 0 && own(q) > 0;
      }),
    );
  };
  /** Denser, from 0 in and to the last vertex out; rooms below most flows. */
  const wide = fc
    .array(
      fc.record({
        from: fc.nat(VERTICES - 2),
        to: fc.integer({ min: 1, max: VERTICES - 1 }),
        latency: fc.nat(9).map((n) => n * 100),
        free: fc.constantFrom(20e6, 30e6, 40e6, 100e6),
      }),
      { minLength: 9, maxLength: 16 },
    )
    .map(usableOf);

  it('is found exactly when there is one; its shares sum to one and stay within every room', () => {
    let splits = 0;
    fc.assert(
      fc.property(wide, fc.constantFrom(30e6, 50e6, 66_666_667, 110e6), bytes, (usable, bps, size) => {
        const label = quickest(paretoLabels(usable, 0)[VERTICES - 1]!, 0, bps);
        if (label !== undefined) return;
        const pieces = split(usable, 0, VERTICES - 1, bps, size, Infinity);
        assert.equal(pieces !== undefined, possible(usable, bps));
        if (pieces === undefined) return;
        splits++;
        assert.equal(pieces.length, 2);
        assert.equal(
          pieces.reduce((sum, p) => sum + p.bps, 0),
          bps,
        );
        assert.equal(
          pieces.reduce((sum, p) => sum + p.share, 0),
          1,
        );
        const held = new Map<number, number>();
        for (const { arcs: way, bps: takes, share } of pieces) {
          assert.ok(takes > 0 && Math.abs(takes / bps - share) < 1e-6);
          for (const arc of way) held.set(arc, (held.get(arc) ?? 0) + takes);
        }
        for (const [arc, sum] of held) assert.ok(sum <= usable.free[arc]!);
      }),
      { numRuns: 600, seed: 7 },
    );
    assert.ok(splits > 20, `only ${splits} splits among the cases`);
  });

  it('takes links that both paths share when they have room for both', () => {
    const usable = usableOf([
      { from: 0, to: 1, latency: 1, free: 100 },
      { from: 1, to: 2, latency: 1, free: 60 },
      { from: 1, to: 3, latency: 2, free: 60 },
      { from: 2, to: 4, latency: 1, free: 60 },
      { from: 3, to: 4, latency: 1, free: 60 },
      { from: 4, to: 5, latency: 1, free: 100 },
    ]);
    const pieces = split(usable, 0, 5, 100, 0, Infinity);
    assert.deepEqual(
      pieces?.map((p) => [p.bps, p.share]),
      [
        [60, 0.6],
        [40, 0.4],
      ],
    );
  });

  it('keeps the limit of the edge on both paths when two such paths exist', () => {
    const usable = usableOf([
      { from: 0, to: 5, latency: 1, free: 60 },
      { from: 0, to: 1, latency: 500, free: 90 },
      { from: 1, to: 5, latency: 500, free: 90 },
      { from: 0, to: 2, latency: 2, free: 40 },
      { from: 2, to: 5, latency: 2, free: 40 },
    ]);
    const pieces = split(usable, 0, 5, 100, 0, 100);
    assert.deepEqual(
      pieces?.map((p) => p.bps),
      [60, 40],
    );
  });
});
