import { edgeRegion } from '#crds/edgeregion.ts';
import type { EdgeRegion, EdgeRegionSpecInput } from '#crds/edgeregion.ts';
import { ANNOTATIONS, API_VERSION, LABELS } from '#crds/meta.ts';
import type { KubeNode } from '#crds/node.ts';
import { durationMicros, quantity } from '#crds/quantity.ts';
import type { Site } from '#simulator/city.ts';
import { stream } from '#simulator/engine/random.ts';
import type { CitySpec } from '../schema/city.ts';
import { distanceKm, middleOf, nearestPlace, placesOf } from './geography.ts';
import type { Place } from './geography.ts';
import { clustersOf } from './k-means.ts';
import { neighbours } from './neighbours.ts';
import type { Station } from './sites.ts';

/** The city without applications. */
export interface Infrastructure {
  readonly nodes: readonly KubeNode[];
  readonly regions: readonly EdgeRegion[];
  readonly sites: readonly Site[];
}

type LinkInput = NonNullable<NonNullable<EdgeRegionSpecInput['topology']>['links']>[number];

interface Server {
  readonly name: string;
  readonly region: number;
  readonly place: Place;
  readonly latitude: number;
  readonly longitude: number;
  /** 0 for the smallest, 1 for the largest. */
  readonly size: number;
}

const MI = 1_048_576;
const padded = (i: number, width: number): string => String(i + 1).padStart(width, '0');
const between = ([least, most]: readonly [number, number], at: number): number => least + (most - least) * at;
const amounts = ([a, b]: readonly [string | number, string | number]): [number, number] => [
  quantity(a),
  quantity(b),
];

/**
 * Servers at the demand-weighted middles of clusters of stations, regions as clusters of servers, a gateway at the server in the
 * middle of each region, a star of access links to it, and links between neighbouring gateways. Deterministic.
 */
export function infrastructureOf(spec: CitySpec, stations: readonly Station[], seed: number): Infrastructure {
  const { servers, catchment } = serversOf(spec, stations, seed);
  const width = String(spec.regions).length;
  const names = Array.from({ length: spec.regions }, (_, r) => `region-${padded(r, width)}`);
  const members = names.map((_, r) => servers.filter(({ region }) => region === r));
  const gateways = members.map((own) => {
    const places = own.map(({ place }) => place);
    return places[nearestPlace(places, middleOf(places))] ?? middleOf(places);
  });
  const draw = stream(seed, 'city/links');
  const backbone = gatewayLinks(spec, gateways, names, draw);
  const regions = names.map((name, r) => {
    const access = (members[r] ?? []).map((server) => accessLink(spec, server, name, gateways[r]));
    return regionOf(spec, name, 'Edge', [...access, ...(backbone[r] ?? [])]);
  });
  const cloud = spec.cloud === undefined ? { nodes: [], regions: [] } : cloudOf(spec, names, seed);
  const mips = stream(seed, 'city/mips');
  const nodes = servers.map((server) => {
    const facts = {
      cpu: Math.round(between(spec.cpu, server.size)),
      memory: between(amounts(spec.memory), server.size),
    };
    return nodeOf(server.name, names[server.region] ?? '', facts, between(spec.mipsPerCpu, mips()), server);
  });
  const sites = stations.map((station, i): Site => {
    const server = servers[catchment[i] ?? 0];
    return { ...station, region: names[server?.region ?? 0] ?? '', node: server?.name ?? '' };
  });
  return { nodes: [...nodes, ...cloud.nodes], regions: [...regions, ...cloud.regions], sites };
}

function serversOf(
  spec: CitySpec,
  stations: readonly Station[],
  seed: number,
): { servers: Server[]; catchment: Int32Array } {
  const places = placesOf(stations);
  const catchment = clustersOf(places, spec.servers);
  const middles = Array.from({ length: spec.servers }, (_, s) => {
    const own = [...stations.keys()].filter((i) => catchment[i] === s);
    const weight = own.reduce((sum, i) => sum + (stations[i]?.weight ?? 0), 0);
    const mean = (of: (station: Station) => number): number =>
      own.reduce((sum, i) => sum + ownShare(stations[i], weight, of), 0);
    return {
      place: middleOf(own.flatMap((i) => places[i] ?? [])),
      latitude: mean(({ latitude }) => latitude),
      longitude: mean(({ longitude }) => longitude),
    };
  });
  const region = clustersOf(
    middles.map(({ place }) => ({ ...place, weight: 1 })),
    spec.regions,
  );
  const chance = stream(seed, 'city/sizes');
  const drawn = middles.map(() => chance());
  const lightest = [...middles.keys()].toSorted(
    (a, b) => (middles[a]?.place.weight ?? 0) - (middles[b]?.place.weight ?? 0) || a - b,
  );
  const rank = new Map(lightest.map((s, at) => [s, at / Math.max(1, lightest.length - 1)]));
  const width = String(spec.servers).length;
  const servers = middles.map((middle, s) => ({
    ...middle,
    name: `es-${padded(s, width)}`,
    region: region[s] ?? 0,
    size: (spec.sizedBy === 'demand' ? rank.get(s) : drawn[s]) ?? 0,
  }));
  return { servers, catchment };
}

const ownShare = (station: Station | undefined, weight: number, of: (s: Station) => number): number =>
  station === undefined ? 0 : (of(station) * station.weight) / weight;

/** Time over a cable of that length, in whole 10 microseconds. */
function cable({ links }: CitySpec, km: number, switchText: string): string {
  const micros = km * links.microsPerKm * links.detour + durationMicros(switchText);
  return `${Math.max(10, Math.round(micros / 10) * 10)}us`;
}

const megabits = (bits: number): string => `${Math.max(1, Math.round(bits / 1e6))}M`;

function accessLink(spec: CitySpec, server: Server, region: string, gateway: Place | undefined): LinkInput {
  return {
    from: server.name,
    to: region,
    latency: cable(
      spec,
      gateway === undefined ? 0 : distanceKm(server.place, gateway),
      spec.links.accessSwitch,
    ),
    jitter: '10us',
    bandwidth: megabits(between(amounts(spec.links.access), server.size)),
    success: spec.links.success,
  };
}

/** Links of each gateway to the neighbours after it. */
function gatewayLinks(
  spec: CitySpec,
  gateways: readonly Place[],
  names: readonly string[],
  draw: () => number,
): LinkInput[][] {
  const links = names.map((): LinkInput[] => []);
  for (const [a, b] of neighbours(gateways)) {
    const [from, to] = [gateways[a], gateways[b]];
    if (from === undefined || to === undefined) continue;
    links[a]?.push({
      from: names[a] ?? '',
      to: names[b] ?? '',
      latency: cable(spec, distanceKm(from, to), spec.links.regionalSwitch),
      jitter: '40us',
      bandwidth: megabits(between(amounts(spec.links.regional), draw())),
      success: spec.links.success,
    });
  }
  return links;
}

function regionOf(
  spec: CitySpec,
  name: string,
  tier: 'Edge' | 'Cloud',
  links: readonly LinkInput[],
): EdgeRegion {
  return edgeRegion.parse({
    apiVersion: API_VERSION,
    kind: 'EdgeRegion',
    metadata: { name },
    spec: {
      tier,
      nodeSelector: { matchLabels: { [LABELS.region]: name } },
      topology: { links },
      radio: { bands: tier === 'Edge' ? spec.bands : [] },
    },
  });
}

function nodeOf(
  name: string,
  region: string,
  { cpu, memory }: { readonly cpu: number; readonly memory: number },
  mips: number,
  at?: { readonly latitude: number; readonly longitude: number },
): KubeNode {
  const offers = { cpu: String(cpu), memory: `${Math.round(memory / MI)}Mi`, pods: '110' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'topology.kubernetes.io/zone': region,
        [LABELS.region]: region,
      },
      annotations: {
        [ANNOTATIONS.mipsPerCpu]: String(Math.round(mips / 10) * 10),
        ...(at === undefined
          ? {}
          : {
              [ANNOTATIONS.latitude]: at.latitude.toFixed(6),
              [ANNOTATIONS.longitude]: at.longitude.toFixed(6),
            }),
      },
    },
    status: { capacity: offers, allocatable: offers },
  };
}

const CLOUD = 'cloud';

function cloudOf(
  spec: CitySpec,
  edges: readonly string[],
  seed: number,
): { nodes: KubeNode[]; regions: EdgeRegion[] } {
  const { cloud } = spec;
  if (cloud === undefined) return { nodes: [], regions: [] };
  const draw = stream(seed, 'city/cloud');
  const width = String(cloud.servers).length;
  const names = Array.from({ length: cloud.servers }, (_, i) => `${CLOUD}-${padded(i, width)}`);
  const way: LinkInput = {
    from: edges[edges.length >> 1] ?? '',
    to: CLOUD,
    latency: cloud.latency,
    jitter: '800us',
    bandwidth: cloud.bandwidth,
    success: spec.links.success,
  };
  const inside = names.map((from): LinkInput => ({ from, to: CLOUD, latency: '100us', bandwidth: '25G' }));
  return {
    regions: [regionOf(spec, CLOUD, 'Cloud', [way, ...inside])],
    nodes: names.map((name) => {
      const size = draw();
      const facts = {
        cpu: Math.round(between(cloud.cpu, size)),
        memory: between(amounts(cloud.memory), size),
      };
      return nodeOf(name, CLOUD, facts, between(cloud.mipsPerCpu, draw()));
    }),
  };
}
