import assert from 'node:assert/strict';
import { parseText } from '#crds/parse.ts';
import { MEASUREMENT_LIFE_MS, measuredRegions, newestMeasurementMs } from './measured.ts';
import { snapshotOf } from './snapshot.ts';
import { node, region } from './test-world.ts';

const NOON = Date.parse('2026-11-23T12:00:00Z');
const iso = (agoMs: number): string => new Date(NOON - agoMs).toISOString();
const link = { from: 'r', to: 's', latency: '1ms', bandwidth: '1G' };
const row = (over: object = {}): object => ({
  from: 'r',
  to: 's',
  measuredLatencyMicros: 7_000,
  at: iso(0),
  ...over,
});

/** Latency of r → s when the region's status holds such rows. */
const latencyWith = (rows: readonly object[], links: readonly object[] = [link]): number | undefined => {
  const items = [
    { ...region('r', { links: links as (typeof link)[] }), status: { links: rows } },
    region('s'),
    node('n1'),
    node('n2', { region: 's' }),
  ];
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const { nodes, edgeRegions } = parseText(text, 'test');
  const { graph } = snapshotOf({ nodes, regions: edgeRegions, dags: [], nowMs: NOON });
  const arc = graph.tail.findIndex((tail, a) => graph.names[tail] === 'r' && graph.names[graph.head[a] ?? 0] === 's'); // prettier-ignore
  return graph.latency[arc];
};

describe('measured links in the world', () => {
  const cases: Record<string, { rows: readonly object[]; links?: readonly object[]; want: number }> = {
    'count when they are fresh': { rows: [row()], want: 7_000 },
    'count to the end of their life': { rows: [row({ at: iso(MEASUREMENT_LIFE_MS) })], want: 7_000 },
    'do not count afterwards': { rows: [row({ at: iso(MEASUREMENT_LIFE_MS + 1) })], want: 1_000 },
    'do not count when they are from another time': { rows: [row({ at: iso(-86_400_000) })], want: 1_000 },
    'do not count without a time': { rows: [row({ at: undefined })], want: 1_000 },
    'do not count with a time that is none': { rows: [row({ at: 'yesterday' })], want: 1_000 },
    'of other ends change nothing': { rows: [row({ to: 'n1' }), row({ from: 's', to: 'r' })], want: 1_000 },
    'do not say anything of the link of one slice': {
      rows: [row()],
      links: [{ ...link, slices: ['xr'] }],
      want: 1_000,
    },
    'may be 0': { rows: [row({ measuredLatencyMicros: 0 })], want: 0 },
  };
  for (const [name, { rows, links, want }] of Object.entries(cases))
    it(name, () => assert.equal(latencyWith(rows, links), want));

  it('leave regions as they are where nothing is measured, and read the same twice', () => {
    const { edgeRegions } = parseText(JSON.stringify(region('r', { links: [link] })), 'test');
    assert.equal(measuredRegions(edgeRegions, NOON)[0], edgeRegions[0]);
    const measured = parseText(
      JSON.stringify({ ...region('r', { links: [link] }), status: { links: [row()] } }),
      'test',
    ).edgeRegions;
    const once = measuredRegions(measured, NOON);
    assert.deepEqual(measuredRegions(once, NOON), once);
    assert.equal(newestMeasurementMs(measured), NOON);
    assert.equal(newestMeasurementMs(edgeRegions), 0);
  });
});
