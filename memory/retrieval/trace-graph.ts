import type { Trace } from '#memory/trace/trace.ts';
import { dagFeatures } from './dag-features.ts';
import type { DagFeatures } from './dag-features.ts';
import {
  bandwidthScale,
  countScale,
  cpuScale,
  machineScale,
  memoryScale,
  payloadScale,
  replicaScale,
  timeScale,
  workScale,
} from './scales.ts';

/** Entries of an embedding z_v of a node, and of z_e of an edge. */
export const NODE_WIDTH = 8;
export const EDGE_WIDTH = 5;

/** One replica and where it went. */
interface PlacedReplica {
  readonly service: number;
  readonly node: string;
  readonly region: string;
  /** Its processor demand, thousandths of a core, at least 1. */
  readonly weight: number;
}

/** What retrieval needs of a trace and the situation does not change: made once a query. */
export interface TraceGraph {
  readonly dag: DagFeatures;
  readonly placements: readonly PlacedReplica[];
  /** Node of the first replica of each service, its busy share then (0 where it is not known); `undefined` where none was placed. */
  readonly machines: readonly (string | undefined)[];
  readonly busy: Float64Array;
  readonly nodeEmbeddings: Float64Array;
  readonly edgeEmbeddings: Float64Array;
  /** Hops of each call's main route, scaled. */
  readonly hops: Float64Array;
}

/** The graph of a trace. */
export function traceGraphOf({ dag: spec, map }: Trace): TraceGraph {
  const dag = dagFeatures(spec);
  const { services, calls } = spec;
  const machine = new Map<string, (typeof map.nodes)[number]>();
  for (const n of map.nodes) machine.set(n.name, n);
  const machines: (string | undefined)[] = Array.from({ length: services.length });
  const busy = new Float64Array(services.length);
  const serve = new Float64Array(services.length);
  const placements: PlacedReplica[] = [];
  for (const p of map.placements) {
    const service = dag.index.get(p.service) ?? 0;
    const region = machine.get(p.node)?.region ?? '';
    const weight = Math.max(1, services[service]?.cpuMilli ?? 1);
    placements.push({ service, node: p.node, region, weight });
    if (machines[service] !== undefined) continue;
    machines[service] = p.node;
    serve[service] = p.serveMicros;
  }
  const nodeEmbeddings = new Float64Array(services.length * NODE_WIDTH);
  for (let i = 0; i < services.length; i++) {
    const s = services[i];
    if (s === undefined) continue;
    const at = machine.get(machines[i] ?? '');
    const row = i * NODE_WIDTH;
    busy[i] = (at?.utilisationPpm ?? 0) / 1e6;
    nodeEmbeddings[row] = workScale(s.work);
    nodeEmbeddings[row + 1] = cpuScale(s.cpuMilli);
    nodeEmbeddings[row + 2] = memoryScale(s.memoryBytes);
    nodeEmbeddings[row + 3] = replicaScale(s.replicas);
    nodeEmbeddings[row + 4] = timeScale(serve[i] ?? 0);
    nodeEmbeddings[row + 5] = busy[i] ?? 0;
    nodeEmbeddings[row + 6] = machineScale(at?.cpuMilli ?? 0);
    nodeEmbeddings[row + 7] = 1;
  }
  // Of each call the route that carries most; -1: none.
  const main = new Int32Array(dag.count * dag.count).fill(-1);
  for (let r = 0; r < map.routes.length; r++) {
    const route = map.routes[r];
    if (route === undefined) continue;
    const at = (dag.index.get(route.from) ?? 0) * dag.count + (dag.index.get(route.to) ?? 0);
    if ((map.routes[main[at] ?? -1]?.weightPpm ?? -1) < route.weightPpm) main[at] = r;
  }
  const edgeEmbeddings = new Float64Array(calls.length * EDGE_WIDTH);
  const hops = new Float64Array(calls.length);
  for (let e = 0; e < calls.length; e++) {
    const c = calls[e];
    if (c === undefined) continue;
    const route = map.routes[main[(dag.from[e] ?? 0) * dag.count + (dag.to[e] ?? 0)] ?? -1];
    const row = e * EDGE_WIDTH;
    edgeEmbeddings[row] = payloadScale(c.payloadBytes);
    edgeEmbeddings[row + 1] = countScale(c.callsPerRequest);
    edgeEmbeddings[row + 2] = c.sync ? 1 : 0;
    edgeEmbeddings[row + 3] = timeScale(route?.latencyMicros ?? 0);
    edgeEmbeddings[row + 4] = bandwidthScale(route?.bandwidthBps ?? 0);
    hops[e] = countScale(route?.via.length ?? 0);
  }
  return { dag, placements, machines, busy, nodeEmbeddings, edgeEmbeddings, hops };
}
