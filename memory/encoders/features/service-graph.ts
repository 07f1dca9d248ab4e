import { quantity } from '#crds/quantity.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { demandOf } from '#world/demand.ts';
import type { Demand } from '#world/demand.ts';
import { instanceOf } from '#world/instance.ts';
import { podRequests, servingMilliCpu } from '#world/requests.ts';
import type { Snapshot } from '#world/snapshot.ts';
import { COLUMNS, scaled } from './columns.ts';
import type { GraphFeatures } from './graph.ts';

/** Millions of instructions per second and core: what load is measured against when no node is known. */
const TYPICAL_MIPS = 3000;

type Microservice = ServiceDAG['spec']['microservices'][number];

/** Busy share of the least replicas at the known rate, on typical cores. */
function loadOf(service: Microservice, demand: Demand): number {
  const cores = servingMilliCpu(service.template.spec) / 1000;
  const work = quantity(service.work ?? '0');
  if (work === 0 || cores === 0) return 0;
  const seconds = work / (TYPICAL_MIPS * 1e6 * cores);
  return ((demand.rate.get(service.name) ?? 0) * seconds) / service.replicas.min;
}

/** The service graph: a node for each microservice, an edge for each call. */
export function serviceFeatures(dag: ServiceDAG): GraphFeatures {
  const demand = demandOf(dag);
  const { microservices, edges } = dag.spec;
  const indexOf = new Map(microservices.map(({ name }, i) => [name, i]));
  const nodes = microservices.flatMap((service) => {
    const asked = podRequests(service.template.spec);
    return [
      scaled(quantity(service.work ?? '0') / 1e6),
      scaled(asked.get('cpu') ?? 0),
      scaled((asked.get('memory') ?? 0) / 2 ** 20),
      scaled(service.replicas.min),
      scaled(service.replicas.max ?? service.replicas.min),
      scaled(demand.rate.get(service.name) ?? 0),
      scaled(loadOf(service, demand)),
      edges.some((e) => e.to === service.name) ? 0 : 1,
      edges.some((e) => e.from === service.name) ? 0 : 1,
    ];
  });
  const calls = demand.edges.flatMap((edge, i) => [
    scaled(edge.payloadBytes),
    scaled(edge.bps),
    scaled(quantity(edges[i]?.callsPerRequest ?? '1')),
    Number.isFinite(edge.maxLatency) ? 1 / (1 + edge.maxLatency / 1000) : 0,
    edge.sync ? 1 : 0,
  ]);
  return {
    nodes: Float32Array.from(nodes),
    edges: Float32Array.from(calls),
    from: Int32Array.from(demand.edges, (e) => indexOf.get(e.from) ?? 0),
    to: Int32Array.from(demand.edges, (e) => indexOf.get(e.to) ?? 0),
  };
}

/** The request as a whole: sums over the DAG, its limits, its ways in, and how full the world is. Throws `UnknownReference` as `instanceOf`. */
export function requestFeatures(snapshot: Snapshot, dag: ServiceDAG): Float32Array {
  const demand = demandOf(dag);
  const instance = instanceOf(snapshot, dag);
  const { microservices, edges } = dag.spec;
  const sum = (of: (service: Microservice) => number): number => microservices.reduce((t, s) => t + of(s), 0);
  const { maxLatency, maxJitter, maxSync, minSuccess, required } = instance.qos;
  const tightness = (micros: number): number => (Number.isFinite(micros) ? 1 / (1 + micros / 1000) : 0);
  const cpu = snapshot.resources.indexOf('cpu');
  const [free, all] = snapshot.hosts.reduce(
    ([f, a], _, h) => {
      const at = h * snapshot.resources.length + cpu;
      return [f + (instance.free[at] ?? 0), a + (snapshot.allocatable[at] ?? 0)];
    },
    [0, 0],
  );
  const values: Record<(typeof COLUMNS.request)[number], number> = {
    services: scaled(microservices.length),
    depth: scaled(depthOf(demand)),
    rate: scaled(demand.ingressRate),
    work: scaled(sum((s) => quantity(s.work ?? '0')) / 1e6),
    load: scaled(sum((s) => loadOf(s, demand) * s.replicas.min)),
    payload: scaled(edges.reduce((t, e) => t + quantity(e.payload ?? '0'), 0)),
    'max-latency': tightness(maxLatency),
    'max-jitter': tightness(maxJitter),
    'max-sync': tightness(maxSync),
    'failure-allowed': 1 - minSuccess,
    required: required ? 1 : 0,
    'ways-in': scaled(instance.ingress.length),
    radio: scaled(instance.ingress.reduce((t, { weight, radio }) => t + weight * radio, 0)),
    'service-time': scaled(longestServe(demand, instance.services)),
    'world-cpu-free': all === 0 ? 0 : free / all,
  };
  return Float32Array.from(COLUMNS.request, (name) => values[name]);
}

/** Services on the longest chain of calls. */
const depthOf = (demand: Demand): number => longest(demand, () => 1);

/** Microseconds that the longest chain takes on the median host it may run on, waiting for nothing. */
function longestServe(
  demand: Demand,
  services: readonly { name: string; hosts: Int32Array; serve: Float64Array }[],
): number {
  const middle = new Map(
    services.map(({ name, hosts, serve }) => {
      const times = Float64Array.from(hosts, (h) => serve[h] ?? 0).toSorted();
      return [name, times[times.length >> 1] ?? 0];
    }),
  );
  return longest(demand, (name) => middle.get(name) ?? 0);
}

function longest(demand: Demand, weight: (service: string) => number): number {
  const until = new Map<string, number>();
  for (const name of demand.order) {
    const before = demand.edges.filter((e) => e.to === name).map((e) => until.get(e.from) ?? 0);
    until.set(name, Math.max(0, ...before) + weight(name));
  }
  return Math.max(0, ...until.values());
}
