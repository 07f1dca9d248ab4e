import { distanceKm, type Site } from './geography.ts';

/** A site and the region it belongs to. The first site of a region is its gateway. */
export interface RegionSite extends Site {
  readonly region: string;
}

interface Link {
  readonly from: string;
  readonly to: string;
  readonly latency: string;
  readonly jitter?: string;
  readonly bandwidth: string;
  readonly success?: string;
}

interface RegionManifest {
  readonly apiVersion: 'edgeloom.dev/v1alpha1';
  readonly kind: 'EdgeRegion';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly tier: 'Edge' | 'Cloud';
    readonly nodeSelector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly topology: {
      readonly attachment: { readonly latency: string; readonly bandwidth: string };
      readonly waypoints: readonly string[];
      readonly links: readonly Link[];
    };
    readonly radio?: { readonly bands: readonly Readonly<Record<string, string>>[] };
    readonly agent: { readonly policy: string; readonly period: string };
    readonly pool: { readonly cidr: string };
  };
}

interface NodeManifest {
  readonly apiVersion: 'v1';
  readonly kind: 'Node';
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly status: {
    readonly capacity: Readonly<Record<string, string>>;
    readonly allocatable: Readonly<Record<string, string>>;
  };
}

export interface Topology {
  readonly regions: readonly RegionManifest[];
  readonly nodes: readonly NodeManifest[];
}

/** A kind of computer. Assumed, like every speed here: no public set names what stands at a base station. */
interface Machine {
  readonly type: string;
  readonly cpus: number;
  readonly memoryMi: number;
  /** Million instructions per second and core, one value a machine, taken in turn. */
  readonly mips: readonly number[];
}

// Small and quick at the street, large and frugal at the hub: neither is best for every service.
const HUB: Machine = { type: 'hub', cpus: 8, memoryMi: 16384, mips: [2000, 2200, 2400] };
const ROOF: Machine = { type: 'roof', cpus: 4, memoryMi: 8192, mips: [2800, 3000, 3200, 3600] };
const STREET: Machine = { type: 'street', cpus: 2, memoryMi: 4096, mips: [4000, 4200, 4400, 4500, 4600] };
const CLOUD: Machine = { type: 'cloud', cpus: 32, memoryMi: 131072, mips: [5000] };
const EDGE_SITES: readonly Machine[] = [
  HUB,
  HUB,
  HUB,
  ROOF,
  ROOF,
  ROOF,
  ROOF,
  STREET,
  STREET,
  STREET,
  STREET,
  STREET,
];
const RESERVED = { cpuMilli: 100, memoryMi: 512 }; // what the kubelet and the system keep

const FIBRE_US_PER_KM = 5; // light in glass: c / 1.47
const ROUTE_FACTOR = 1.6; // ducts follow streets
const SWITCH_US = { node: 120, hub: 60, pair: 50, neighbour: 500, ring: 400, exit: 500, longHaul: 2300 };

// The nearest public cloud outside the city. The four machines share one hall.
const CLOUD_SITE = { latitude: -33.8688, longitude: 151.2093 };
const CLOUD_NODES = 4;
const RING = 'metro-ring';
const BACKBONE = 'backbone';

/** Latency of a cable between two places plus what the switches at its ends take, in whole 10 us. */
function cable(a: Omit<Site, 'id'>, b: Omit<Site, 'id'>, switchUs: number): string {
  const us = distanceKm(a, b) * FIBRE_US_PER_KM * ROUTE_FACTOR + switchUs;
  return `${Math.max(10, Math.round(us / 10) * 10)}us`;
}

function node(
  region: string,
  tier: 'Edge' | 'Cloud',
  at: number,
  place: Site,
  machine: Machine,
  turn: number,
): NodeManifest {
  const name = `${region}-${String(at + 1).padStart(2, '0')}`;
  const resources = (cpuMilli: number, memoryMi: number): Record<string, string> => ({
    cpu: cpuMilli % 1000 === 0 ? String(cpuMilli / 1000) : `${cpuMilli}m`,
    memory: `${memoryMi}Mi`,
    pods: '110',
  });
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'node.kubernetes.io/instance-type': machine.type,
        'topology.kubernetes.io/region': tier === 'Cloud' ? 'sydney' : 'melbourne',
        'topology.kubernetes.io/zone': region,
        'edgeloom.dev/region': region,
      },
      annotations: {
        'edgeloom.dev/latitude': place.latitude.toFixed(6),
        'edgeloom.dev/longitude': place.longitude.toFixed(6),
        'edgeloom.dev/site': place.id,
        'edgeloom.dev/mips-per-cpu': String(machine.mips[turn % machine.mips.length] ?? 3000),
      },
    },
    status: {
      capacity: resources(machine.cpus * 1000, machine.memoryMi),
      allocatable: resources(machine.cpus * 1000 - RESERVED.cpuMilli, machine.memoryMi - RESERVED.memoryMi),
    },
  };
}

const pool = (index: number): { cidr: string } => ({ cidr: `10.42.${16 * (index + 1)}.0/20` });

// Medians of DETERMINISTIC6G: 28 GHz URLLC prototype 0.67 up and 0.75 down; 3.7 GHz stand-alone 5G 6.4 up, 5.3 down.
const BANDS = [
  { name: 'mmWave', latency: '700us', jitter: '100us', bandwidth: '1G', success: '0.9995' },
  { name: 'sub6', latency: '6ms', jitter: '900us', bandwidth: '200M', success: '0.9995' },
];

interface Edge {
  readonly name: string;
  readonly index: number;
  readonly sites: readonly [RegionSite, ...RegionSite[]];
}

function edgeNodes({ name, index, sites }: Edge): NodeManifest[] {
  const used = new Map<Machine, number>();
  return sites.map((place, at) => {
    const machine = EDGE_SITES[at % EDGE_SITES.length] ?? ROOF;
    const turn = used.get(machine) ?? 0;
    used.set(machine, turn + 1);
    return node(name, 'Edge', at, place, machine, turn + index);
  });
}

/** Hubs have fibre of their own to the gateway, the first two also to each other; the rest share the access network. */
function hubLinks({ name, sites }: Edge): Link[] {
  const [gateway] = sites;
  const hubs = sites
    .slice(0, 3)
    .map((place, at) => ({ place, node: `${name}-${String(at + 1).padStart(2, '0')}` }));
  const [first, second] = hubs;
  const up = hubs.map((hub) => ({
    from: hub.node,
    to: name,
    latency: cable(hub.place, gateway, SWITCH_US.hub),
    jitter: '10us',
    bandwidth: '10G',
  }));
  if (first === undefined || second === undefined) return up;
  const latency = cable(first.place, second.place, SWITCH_US.pair);
  return [...up, { from: first.node, to: second.node, latency, jitter: '5us', bandwidth: '10G' }];
}

function edgeRegion(edge: Edge, next: Edge | undefined): RegionManifest {
  const { name, index, sites } = edge;
  const [gateway] = sites;
  const own = sites.slice(3);
  const meanKm = own.reduce((sum, place) => sum + distanceKm(place, gateway), 0) / Math.max(1, own.length);
  const access = Math.round((meanKm * FIBRE_US_PER_KM * ROUTE_FACTOR + SWITCH_US.node) / 10) * 10;
  const links: Link[] = [
    // The ring's point of presence stands in the middle of the city; its cable is as short as the gateway's street.
    {
      from: name,
      to: RING,
      latency: `${SWITCH_US.ring}us`,
      jitter: '40us',
      bandwidth: '40G',
      success: '0.99999',
    },
  ];
  if (next !== undefined) {
    const latency = cable(gateway, next.sites[0], SWITCH_US.neighbour);
    links.push({ from: name, to: next.name, latency, jitter: '20us', bandwidth: '10G', success: '0.99999' });
  }
  return {
    apiVersion: 'edgeloom.dev/v1alpha1',
    kind: 'EdgeRegion',
    metadata: { name },
    spec: {
      tier: 'Edge',
      nodeSelector: { matchLabels: { 'edgeloom.dev/region': name } },
      topology: {
        attachment: { latency: `${access}us`, bandwidth: '2G' },
        waypoints: [RING],
        links: [...links, ...hubLinks(edge)],
      },
      radio: { bands: BANDS },
      agent: { policy: 'search', period: '1s' },
      pool: pool(index),
    },
  };
}

function cloudRegion(index: number, city: Site): RegionManifest {
  return {
    apiVersion: 'edgeloom.dev/v1alpha1',
    kind: 'EdgeRegion',
    metadata: { name: 'cloud' },
    spec: {
      tier: 'Cloud',
      nodeSelector: { matchLabels: { 'edgeloom.dev/region': 'cloud' } },
      topology: {
        attachment: { latency: '100us', bandwidth: '25G' },
        waypoints: [RING, BACKBONE],
        links: [
          {
            from: RING,
            to: BACKBONE,
            latency: cable(city, CLOUD_SITE, SWITCH_US.longHaul),
            jitter: '800us',
            bandwidth: '10G',
            success: '0.9999',
          },
          { from: BACKBONE, to: 'cloud', latency: `${SWITCH_US.exit}us`, jitter: '100us', bandwidth: '10G' },
        ],
      },
      agent: { policy: 'search', period: '1s' },
      pool: pool(index),
    },
  };
}

/**
 * The demo's infrastructure: one edge region for each group of sites, in the order given, a node at each site, and a
 * cloud region far away. Distances are real; what switches take, what machines do and what links carry is assumed.
 */
export function buildTopology(sites: readonly RegionSite[]): Topology {
  const names = [...new Set(sites.map((site) => site.region))];
  const edges = names.flatMap((name, index): Edge[] => {
    const [gateway, ...others] = sites.filter((site) => site.region === name);
    return gateway === undefined ? [] : [{ name, index, sites: [gateway, ...others] }];
  });
  const [first] = edges;
  if (first === undefined) throw new Error('no sites: the topology needs at least one region');
  const middle = edges[edges.length >> 1] ?? first;
  const hall = { id: 'sydney', ...CLOUD_SITE };
  return {
    regions: [
      ...edges.map((edge, at) => edgeRegion(edge, edges[at + 1])),
      cloudRegion(edges.length, middle.sites[0]),
    ],
    nodes: [
      ...edges.flatMap(edgeNodes),
      ...Array.from({ length: CLOUD_NODES }, (_, at) => node('cloud', 'Cloud', at, hall, CLOUD, at)),
    ],
  };
}
