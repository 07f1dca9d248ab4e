import { randomFrom } from '#planner/search/random.ts';

/** A Kubernetes object as plain data. */
interface Item {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

const REGIONS = ['east', 'north', 'south', 'west'] as const;

/**
 * A random but plausible world and DAG from a seed: four regions on a ring, nodes of unlike speed and size on links of unlike
 * latency and bandwidth, and a graph of `services` in layers with about one extra edge for every three services. Requests
 * fill about half of the nodes, so services cannot all share one.
 */
export function instanceObjects(services: number, nodes: number, seed: number): Item[] {
  const random = randomFrom(seed);
  const between = (low: number, high: number): number => low + random() * (high - low);
  const whole = (low: number, high: number): number => Math.round(between(low, high));
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const requests = Array.from({ length: services }, () => pick([500, 750, 1000, 1500, 2000]));
  const wanted = requests.reduce((a, b) => a + b, 0);
  const sizes = Array.from({ length: nodes }, () => between(0.5, 1.5));
  const scale = (2 * wanted) / sizes.reduce((a, b) => a + b, 0);
  const homes = Array.from({ length: nodes }, (_, n) => REGIONS[n % REGIONS.length] as string);
  const names = homes.map((home, n) => `${home}-${Math.floor(n / REGIONS.length)}`);
  const items: Item[] = REGIONS.map((region, r) => ({
    apiVersion: 'edgeloom.dev/v1alpha1',
    kind: 'EdgeRegion',
    metadata: { name: region },
    spec: {
      tier: 'Edge',
      nodeSelector: { matchLabels: { 'edgeloom.dev/region': region } },
      topology: {
        links: [
          {
            from: region,
            to: REGIONS[(r + 1) % REGIONS.length],
            latency: `${whole(800, 3000)}us`,
            bandwidth: `${whole(2, 10)}G`,
          },
          ...names
            .filter((_, n) => homes[n] === region)
            .map((name) => ({
              from: name,
              to: region,
              latency: `${whole(50, 900)}us`,
              bandwidth: `${whole(400, 4000)}M`,
            })),
        ],
      },
      radio: { bands: [{ name: 'mmWave', latency: '700us', bandwidth: '1G' }] },
    },
  }));
  for (const [n, name] of names.entries()) {
    const cpu = Math.max(2000, Math.round((sizes[n] ?? 1) * scale));
    items.push({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name,
        labels: {
          'edgeloom.dev/region': homes[n],
          'kubernetes.io/hostname': name,
          'topology.kubernetes.io/zone': homes[n],
        },
        annotations: { 'edgeloom.dev/mips-per-cpu': String(whole(1500, 5000)) },
      },
      status: { allocatable: { cpu: `${cpu}m`, memory: '16Gi', pods: '110' } },
    });
  }
  const edges: { from: string; to: string; payload: string }[] = [];
  const payload = (): string => `${whole(20, 400)}Ki`;
  for (let s = 1; s < services; s++) {
    const from = s - 1 - Math.floor(random() * Math.min(s, 3));
    edges.push({ from: `s${from}`, to: `s${s}`, payload: payload() });
    const other = Math.floor(random() * s);
    if (random() < 0.33 && other !== from) edges.push({ from: `s${other}`, to: `s${s}`, payload: payload() });
  }
  items.push({
    apiVersion: 'edgeloom.dev/v1alpha1',
    kind: 'ServiceDAG',
    metadata: { name: `graph-${services}x${nodes}`, namespace: 'bench' },
    spec: {
      class: 'Immersive',
      ingress: [{ region: pick(REGIONS), band: 'mmWave', payload: '100Ki' }],
      qos: { maxLatency: '60ms' },
      microservices: requests.map((cpu, s) => ({
        name: `s${s}`,
        work: `${whole(2, 12)}M`,
        template: {
          spec: {
            containers: [{ name: 'main', resources: { requests: { cpu: `${cpu}m`, memory: '256Mi' } } }],
          },
        },
      })),
      edges,
    },
  });
  return items;
}
