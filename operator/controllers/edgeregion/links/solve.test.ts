import assert from 'node:assert/strict';
import fc from 'fast-check';
import { givenNode, givenRegion, NOON } from '../../../given.ts';
import type { CachedNode, CachedRegion } from '../../../objects.ts';
import { equationsOf } from './equations.ts';
import type { RoundTrip } from './equations.ts';
import { solveLinks } from './solve.ts';

const bandwidth = '10G';
const attachment = { latency: '200us', bandwidth };
const link = (from: string, to: string, latency: string, over: object = {}): object => ({ from, to, latency, bandwidth, ...over }); // prettier-ignore
const region = (name: string, topology: object = {}): CachedRegion =>
  givenRegion(name, { topology: { attachment, ...topology } });
const trip = (from: string, to: string, rttMicros: number, atMs = NOON): RoundTrip => ({
  from,
  to,
  rttMicros,
  atMs,
});
const nodes = (...names: string[]): CachedNode[] =>
  names.map((name) => givenNode(name, { region: name.split('-')[0] ?? '' }));

const solved = (
  trips: readonly RoundTrip[],
  machines: readonly CachedNode[],
  regions: readonly CachedRegion[],
) => {
  const { links, equations } = equationsOf(trips, machines, regions);
  return Object.fromEntries(solveLinks(links, equations).map((e) => [`${e.from}>${e.to}`, e.micros]));
};

describe('links from round trips', () => {
  const north = region('north', { links: [link('north', 'south', '1ms')] });
  const south = region('south');

  it('are what is left of the middle round trip without the attachments', () => {
    const machines = nodes('north-a', 'north-b', 'south-a', 'south-b');
    // 2 × (200 + 5,000 + 200), one pair behind a busy switch, and one within a region.
    const trips = [
      trip('north-a', 'south-a', 10_800),
      trip('south-b', 'north-a', 10_900),
      trip('north-b', 'south-a', 90_000),
      trip('north-a', 'north-b', 800),
    ];
    assert.deepEqual(solved(trips, machines, [north, south]), { 'north>south': 5_050 });
  });

  it('between nodes are measured by those nodes', () => {
    const machines = nodes('north-a', 'north-b', 'south-a');
    const own = [link('north-a', 'north-b', '300us'), link('north-a', 'north', '100us')];
    const regions = [region('north', { links: [...own, link('north', 'south', '1ms')] }), south];
    const trips = [trip('north-a', 'north-b', 3_000), trip('north-a', 'south-a', 6_400)];
    const found = solved(trips, machines, regions);
    assert.equal(found['north-a>north-b'], 1_500);
    // Two links behind each other: the sum is measured, and shared as declared.
    assert.equal((found['north-a>north'] ?? 0) + (found['north>south'] ?? 0), 3_000);
    assert.ok(Math.abs((found['north>south'] ?? 0) - 10 * (found['north-a>north'] ?? 0)) <= 10);
  });

  it('around a waypoint are told apart where three regions meet', () => {
    const star = ['north', 'south', 'west'].map((name) =>
      region(name, { waypoints: ['ring'], links: [link(name, 'ring', '1ms')] }),
    );
    const truth = { north: 500, south: 2_000, west: 7_000 };
    const trips = [
      trip('north-a', 'south-a', 2 * (400 + truth.north + truth.south)),
      trip('south-a', 'west-a', 2 * (400 + truth.south + truth.west)),
      trip('west-a', 'north-a', 2 * (400 + truth.west + truth.north)),
    ];
    const found = solved(trips, nodes('north-a', 'south-a', 'west-a'), star);
    for (const [name, micros] of Object.entries(truth))
      assert.ok(Math.abs((found[`${name}>ring`] ?? 0) - micros) <= 5, JSON.stringify(found));
  });

  it('that lead one way are told from their way back', () => {
    const oneWay = { oneWay: true };
    const regions = [
      region('north', { links: [link('north', 'south', '1ms', oneWay), link('south', 'north', '3ms', oneWay)] }), // prettier-ignore
      south,
    ];
    const found = solved([trip('north-a', 'south-a', 8_800)], nodes('north-a', 'south-a'), regions);
    assert.deepEqual(found, { 'north>south': 2_000, 'south>north': 6_000 });
  });

  it('say nothing of a link of some slices, of nodes that are gone, or where no way leads', () => {
    const sliced = region('north', { links: [link('north', 'south', '1ms', { slices: ['xr'] })] });
    const machines = nodes('north-a', 'south-a');
    assert.deepEqual(solved([trip('north-a', 'south-a', 5_000)], machines, [sliced, south]), {});
    assert.deepEqual(solved([trip('north-a', 'moon', 5_000)], machines, [north, south]), {});
    assert.deepEqual(solved([], machines, [north, south]), {});
  });

  it('are not below nothing when less is measured than the attachments are said to take', () => {
    const found = solved([trip('north-a', 'south-a', 100)], nodes('north-a', 'south-a'), [north, south]);
    assert.ok((found['north>south'] ?? -1) >= 0 && (found['north>south'] ?? 2) <= 1, JSON.stringify(found));
  });

  it('law: exact round trips over a chain of regions give every link back, whatever was declared', () => {
    const micros = fc.integer({ min: 20, max: 50_000 });
    const chain = fc.array(fc.record({ declared: micros, truth: micros }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(chain, (chain) => {
        const names = Array.from({ length: chain.length + 1 }, (_, i) => `r${i}`);
        const regions = names.map((name, i) =>
          region(name, {
            links: i < chain.length ? [link(name, `r${i + 1}`, `${chain[i]?.declared}us`)] : [],
          }),
        );
        const trips = names.flatMap((from, i) =>
          names.slice(i + 1).map((to, k) => {
            const between = chain.slice(i, i + k + 1).reduce((sum, { truth }) => sum + truth, 0);
            return trip(`${from}-a`, `${to}-a`, 2 * (400 + between));
          }),
        );
        const found = solved(trips, nodes(...names.map((name) => `${name}-a`)), regions);
        for (const [i, { truth }] of chain.entries()) {
          const is = found[`r${i}>r${i + 1}`] ?? NaN;
          assert.ok(Math.abs(is - truth) <= Math.max(5, 0.02 * truth), `${is} of ${truth}`);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are the same whatever order anything comes in', () => {
    const machines = nodes('north-a', 'south-a', 'north-b');
    const trips = [trip('north-a', 'south-a', 9_000), trip('north-b', 'south-a', 9_300)];
    const one = equationsOf(trips, machines, [north, south]);
    const other = equationsOf(trips.toReversed(), machines.toReversed(), [south, north]);
    assert.deepEqual(solveLinks(one.links, one.equations), solveLinks(other.links, other.equations));
  });
});
