import type { Trace } from '#memory/trace/trace.ts';
import type { Match } from './edit-distance.ts';
import type { Situation } from './situation.ts';

/** Entries of an embedding z_v of a node, and of z_e of an edge. */
export const NODE_WIDTH = 8;
export const EDGE_WIDTH = 5;
/** Structural features f_v (degrees, entry, leaf, is it matched) and f_e (hops, is its call matched). */
export const NODE_FEATURES = 5;
export const EDGE_FEATURES = 2;

/** A retrieved trace as the graph that Eq. 1 and 2 work on: services where they ran, calls where they travelled. */
export interface Subgraph {
  readonly nodes: number;
  readonly nodeEmbeddings: Float64Array;
  readonly nodeFeatures: Float64Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly edgeEmbeddings: Float64Array;
  readonly edgeFeatures: Float64Array;
  /** r_e: the same edge as it would be under the present topology. */
  readonly edgePrototypes: Float64Array;
}

const logOf = (value: number, scale: number): number => Math.log1p(value) / Math.log1p(scale);

/** The graph of a trace, seen from a situation. */
export function subgraphOf(trace: Trace, situation: Situation, match: Match): Subgraph {
  const { services, calls } = trace.dag;
  const index = new Map(services.map((s, i) => [s.name, i]));
  const machine = new Map(trace.map.nodes.map((n) => [n.name, n]));
  const placed = new Map<string, Trace['map']['placements'][number]>();
  for (const p of trace.map.placements) if (!placed.has(p.service)) placed.set(p.service, p);
  const matchedTo = new Map([...match.mapped].map((j, i) => [j, i]));
  const ins = new Float64Array(services.length);
  const outs = new Float64Array(services.length);
  for (const c of calls) {
    outs[index.get(c.from) ?? 0] = (outs[index.get(c.from) ?? 0] ?? 0) + 1;
    ins[index.get(c.to) ?? 0] = (ins[index.get(c.to) ?? 0] ?? 0) + 1;
  }
  const nodeEmbeddings = new Float64Array(services.length * NODE_WIDTH);
  const nodeFeatures = new Float64Array(services.length * NODE_FEATURES);
  for (const [i, s] of services.entries()) {
    const p = placed.get(s.name);
    const at = p === undefined ? undefined : machine.get(p.node);
    nodeEmbeddings.set(
      [
        logOf(s.work, 1e9),
        logOf(s.cpuMilli, 32_000),
        logOf(s.memoryBytes, 2 ** 36),
        logOf(s.replicas, 16),
        logOf(p?.serveMicros ?? 0, 1e6),
        (at?.utilisationPpm ?? 0) / 1e6,
        logOf(at?.cpuMilli ?? 0, 256_000),
        1,
      ],
      i * NODE_WIDTH,
    );
    const [into, out] = [ins[i] ?? 0, outs[i] ?? 0];
    nodeFeatures.set(
      [logOf(into, 16), logOf(out, 16), into === 0 ? 1 : 0, out === 0 ? 1 : 0, matchedTo.has(i) ? 1 : 0],
      i * NODE_FEATURES,
    );
  }
  const routes = new Map<string, Trace['map']['routes'][number]>();
  for (const r of trace.map.routes) {
    const key = `${r.from} ${r.to}`;
    if ((routes.get(key)?.weightPpm ?? -1) < r.weightPpm) routes.set(key, r);
  }
  const present = new Map(situation.dag.calls.map((c) => [`${c.from} ${c.to}`, c]));
  const nameOf = (service: number): string =>
    situation.dag.services[matchedTo.get(service) ?? -1]?.name ?? '';
  const from = new Int32Array(calls.length);
  const to = new Int32Array(calls.length);
  const edgeEmbeddings = new Float64Array(calls.length * EDGE_WIDTH);
  const edgePrototypes = new Float64Array(calls.length * EDGE_WIDTH);
  const edgeFeatures = new Float64Array(calls.length * EDGE_FEATURES);
  for (const [e, c] of calls.entries()) {
    from[e] = index.get(c.from) ?? 0;
    to[e] = index.get(c.to) ?? 0;
    const route = routes.get(`${c.from} ${c.to}`);
    const embedding = (call: typeof c, micros: number): number[] => [
      logOf(call.payloadBytes, 1e8),
      logOf(call.callsPerRequest, 16),
      call.sync ? 1 : 0,
      logOf(micros, 1e6),
      logOf(route?.bandwidthBps ?? 0, 1e11),
    ];
    const then = route?.latencyMicros ?? 0;
    const wanted = present.get(`${nameOf(from[e] ?? 0)} ${nameOf(to[e] ?? 0)}`);
    const [a, b] = [placed.get(c.from)?.node, placed.get(c.to)?.node];
    const now =
      a === undefined || b === undefined
        ? undefined
        : situation.transferMicros?.(a, b, (wanted ?? c).payloadBytes);
    edgeEmbeddings.set(embedding(c, then), e * EDGE_WIDTH);
    edgePrototypes.set(embedding(wanted ?? c, now ?? then), e * EDGE_WIDTH);
    edgeFeatures.set([logOf(route?.via.length ?? 0, 16), wanted === undefined ? 0 : 1], e * EDGE_FEATURES);
  }
  return {
    nodes: services.length,
    nodeEmbeddings,
    nodeFeatures,
    from,
    to,
    edgeEmbeddings,
    edgeFeatures,
    edgePrototypes,
  };
}
