import { durationMicros, quantity } from '#crds/quantity.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { wholeUp } from './requests.ts';

/** What a DAG asks of the network and of each service, from its spec alone. */
export interface Demand {
  /** Microservices so that callers come before callees; among equals, in the order of the spec. */
  readonly order: readonly string[];
  /** Requests/s that reach each microservice. */
  readonly rate: ReadonlyMap<string, number>;
  readonly edges: readonly EdgeDemand[];
  /** Sum of the ingress rates, requests/s; 0 when none is known. */
  readonly ingressRate: number;
}

/** One edge in base units. */
export interface EdgeDemand {
  readonly from: string;
  readonly to: string;
  readonly payloadBytes: number;
  /** Calls that each call of the caller makes. */
  readonly calls: number;
  /** Bandwidth to reserve over all paths of the edge, bit/s: max(minBandwidth, rate x calls x payload x 8). */
  readonly bps: number;
  /** Microseconds; Infinity without a limit. */
  readonly maxLatency: number;
  readonly sync: boolean;
}

/**
 * Rates follow the calls: an entry service (nobody calls it) sees every request, a callee sees the rate of each caller
 * times `callsPerRequest`. Expects an acyclic graph (the parser refuses the rest): members of a cycle are left out of `order`.
 */
export function demandOf(dag: ServiceDAG): Demand {
  const edges = dag.spec.edges;
  const names = dag.spec.microservices.map((m) => m.name);
  const waiting = new Map(names.map((name) => [name, edges.filter((e) => e.to === name).length]));
  const ingressRate = dag.spec.ingress.reduce((sum, i) => sum + quantity(i.requestsPerSecond ?? '0'), 0);
  const rate = new Map(names.map((name) => [name, waiting.get(name) === 0 ? ingressRate : 0]));
  const order: string[] = [];
  const bps = new Map<number, number>();
  for (let ready = names.find((n) => waiting.get(n) === 0); ready !== undefined;) {
    const at = ready;
    order.push(at);
    waiting.set(at, -1);
    for (const [i, edge] of edges.entries()) {
      if (edge.from !== at) continue;
      const calls = (rate.get(at) ?? 0) * quantity(edge.callsPerRequest ?? '1');
      rate.set(edge.to, (rate.get(edge.to) ?? 0) + calls);
      waiting.set(edge.to, (waiting.get(edge.to) ?? 0) - 1);
      const floor = edge.minBandwidth === undefined ? 0 : quantity(edge.minBandwidth);
      bps.set(i, wholeUp(Math.max(floor, calls * quantity(edge.payload ?? '0') * 8)));
    }
    ready = names.find((n) => waiting.get(n) === 0);
  }
  return {
    order,
    rate,
    ingressRate,
    edges: edges.map((edge, i) => ({
      from: edge.from,
      to: edge.to,
      payloadBytes: quantity(edge.payload ?? '0'),
      calls: quantity(edge.callsPerRequest ?? '1'),
      bps: bps.get(i) ?? 0,
      maxLatency: edge.maxLatency === undefined ? Infinity : durationMicros(edge.maxLatency),
      sync: edge.sync,
    })),
  };
}
