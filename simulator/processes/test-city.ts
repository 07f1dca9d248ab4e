import { parseText } from '#crds/parse.ts';
import type { City, Site } from '#simulator/city.ts';
import { dag, node, region } from '#world/test-world.ts';
import type { Item } from '#world/test-world.ts';
import type { ExogenousOptions } from './options.ts';

/** A small city for tests. */

const BAND = { name: 'sub6', latency: '1ms', jitter: '200us', bandwidth: '1G', success: '0.99' };

/** Two edge regions a few kilometres apart, `east` three times as heavy, and a cloud. */
export const OBJECTS: readonly Item[] = [
  ...['e1', 'e2', 'e3', 'e4'].map((name) => node(name, { region: 'east' })),
  ...['w1', 'w2', 'w3', 'w4'].map((name) => node(name, { region: 'west' })),
  node('c1', { region: 'cloud' }),
  region('east', {
    bands: [BAND],
    links: [{ from: 'e1', to: 'e2', latency: '1ms', bandwidth: '1G' }],
  }),
  region('west', { bands: [BAND] }),
  {
    ...region('cloud'),
    spec: { tier: 'Cloud', nodeSelector: { matchLabels: { 'edgeloom.dev/region': 'cloud' } } },
  },
];

/** An application whose users are in those regions, at those rates. */
export const app = (name: string, rates: Readonly<Record<string, number | undefined>>): Item =>
  dag(name, {
    ingress: Object.entries(rates).map(([region, rate]) => ({
      region,
      band: 'sub6',
      payload: 1000,
      ...(rate === undefined ? {} : { requestsPerSecond: rate }),
    })),
    microservices: ['m'],
  });

/** Degrees of longitude in which one goes about one kilometre at the equator. */
const KILOMETRE = 0.009;

const site = (name: string, region: string, kilometres: number, weight: number): Site => ({
  name,
  region,
  node: `${region[0]}1`,
  latitude: 0,
  longitude: kilometres * KILOMETRE,
  weight,
});

/** The city with those applications. */
export function city(...apps: readonly Item[]): City {
  const items = [...OBJECTS, ...apps];
  const { nodes, edgeRegions, serviceDAGs } = parseText(
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    'test',
  );
  return {
    name: 'test',
    nodes,
    regions: edgeRegions,
    dags: serviceDAGs,
    sites: [site('a', 'west', 0, 1), site('b', 'east', 1, 2), site('c', 'east', 2, 1)],
  };
}

const MINUTE = 60_000_000;

/** Ten minutes of everything, unless said otherwise. */
export const options = (over: Partial<ExogenousOptions> = {}): ExogenousOptions => ({
  seed: 1,
  untilMicros: 10 * MINUTE,
  sampledShare: 1,
  periodMicros: 10_000_000,
  ...over,
});
