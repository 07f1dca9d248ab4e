import { MultiDirectedGraph } from 'graphology';
import { dagHash, parseTrace, traceJson } from '#memory/trace/seal.ts';
import { RefusedTrace } from '#memory/trace/refusal.ts';
import type { Trace } from '#memory/trace/trace.ts';

/** What a node or an edge of the memory graph carries: scalars only, so that every format can hold them. */
export type Features = Record<string, string | number | boolean>;

/** The memory as one graph. */
export type MemoryGraph = MultiDirectedGraph<Features, Features>;

/**
 * The memory graph G_mem of traces: a node for each trace, each of its services and each machine (shared by name); edges `serves`
 * (trace → service), `calls` (service → service), `placed-on` (service → machine), `routes` (service → service), `ran-beside`
 * (trace → machine, its state then), `same-dag` (each trace → the next newer one of its structure) and `replan-of`. Nodes and
 * edges of a trace carry its features and its age at `nowMs`.
 */
export function memoryGraph(traces: readonly Trace[], nowMs: number): MemoryGraph {
  const graph: MemoryGraph = new MultiDirectedGraph();
  const latest = new Map<string, string>();
  const inOrder = [...traces].sort((a, b) => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1));
  for (const trace of inOrder) {
    addTrace(graph, trace, nowMs);
    const hash = dagHash(trace.dag);
    const before = latest.get(hash);
    if (before !== undefined) graph.addEdge(trace.id, before, { kind: 'same-dag', dag: hash });
    latest.set(hash, trace.id);
  }
  for (const { id, replanOf } of inOrder) {
    if (replanOf !== undefined && graph.hasNode(replanOf)) graph.addEdge(id, replanOf, { kind: 'replan-of' });
  }
  return graph;
}

/** The traces of a memory graph in order of id. Throws `RefusedTrace` when it is no such graph, or one that was altered. */
export function tracesOf(graph: MemoryGraph): Trace[] {
  const traces: Trace[] = [];
  graph.forEachNode((key, features) => {
    if (features['kind'] === 'trace') traces.push(traceAt(graph, key, features));
  });
  if (traces.length === 0)
    throw new RefusedTrace(
      '',
      'the graph holds no node of kind "trace"',
      'import a graph that "edgeloom memory export" wrote',
    );
  return traces.sort((a, b) => (a.id < b.id ? -1 : 1));
}

const serviceKey = (trace: string, name: string): string => `${trace}/${name}`;
const nodeKey = (name: string): string => `node/${name}`;

function addTrace(graph: MemoryGraph, trace: Trace, nowMs: number): void {
  const { id: _id, dag, map, rollout, performance, vector, replanOf, context, ...scalars } = traceJson(trace);
  const ageMs = Math.max(0, nowMs - trace.createdMs);
  graph.addNode(trace.id, {
    kind: 'trace',
    ageMs,
    ...scalars,
    ...(replanOf === undefined ? {} : { replanOf }),
    dag: dag.name,
    class: dag.class,
    ...dag.qos,
    ...performance,
    ingress: JSON.stringify(dag.ingress),
    rollout: JSON.stringify(rollout),
    vector: JSON.stringify(vector),
    ...(context === undefined ? {} : { context: JSON.stringify(context) }),
  });
  for (const [at, { name, ...features }] of dag.services.entries()) {
    const key = serviceKey(trace.id, name);
    graph.addNode(key, { kind: 'service', service: name, ageMs, ...features });
    graph.addEdge(trace.id, key, { kind: 'serves', at });
  }
  for (const [at, { from, to, ...features }] of dag.calls.entries()) {
    graph.addEdge(serviceKey(trace.id, from), serviceKey(trace.id, to), {
      kind: 'calls',
      trace: trace.id,
      at,
      ageMs,
      ...features,
    });
  }
  for (const [at, { name, ...features }] of map.nodes.entries()) {
    graph.mergeNode(nodeKey(name), { kind: 'node', node: name, region: features.region });
    graph.addEdge(trace.id, nodeKey(name), { kind: 'ran-beside', at, ageMs, ...features });
  }
  for (const [at, { service, node, ...features }] of map.placements.entries()) {
    graph.addEdge(serviceKey(trace.id, service), nodeKey(node), {
      kind: 'placed-on',
      trace: trace.id,
      at,
      ageMs,
      ...features,
    });
  }
  for (const [at, { from, to, via, ...features }] of map.routes.entries()) {
    graph.addEdge(serviceKey(trace.id, from), serviceKey(trace.id, to), {
      kind: 'routes',
      trace: trace.id,
      at,
      ageMs,
      via: JSON.stringify(via),
      ...features,
    });
  }
}

const TRACE_SCALARS = [
  'version',
  'tenant',
  'region',
  'slice',
  'window',
  'createdMs',
  'source',
  'policy',
  'shareable',
  'replanOf',
] as const;
const UTILITIES = ['encoderVersion', 'predictedUtility', 'realisedUtility'] as const;
const QOS = ['maxLatencyMicros', 'maxJitterMicros', 'maxSyncMicros', 'minSuccessPpm'] as const;
const PERFORMANCE = [
  'latencyMicros',
  'p99LatencyMicros',
  'jitterMicros',
  'syncMicros',
  'successPpm',
  'violationPpm',
  'utilisationPpm',
] as const;

function traceAt(graph: MemoryGraph, id: string, features: Features): Trace {
  const services: { key: string; name: string; at: number }[] = [];
  const nodes: Features[] = [];
  for (const edge of graph.outEdges(id)) {
    const said = graph.getEdgeAttributes(edge);
    const target = graph.getNodeAttributes(graph.target(edge));
    if (said['kind'] === 'serves')
      services.push({ key: graph.target(edge), name: String(target['service']), at: Number(said['at']) });
    if (said['kind'] === 'ran-beside')
      nodes.push({
        ...pick(said, ['at', 'region', 'cpuMilli', 'utilisationPpm']),
        name: String(target['node']),
      });
  }
  services.sort((a, b) => a.at - b.at);
  const lists: Record<string, Features[]> = { calls: [], routes: [], 'placed-on': [] };
  for (const { key, name } of services) {
    for (const edge of graph.outEdges(key)) {
      const said = graph.getEdgeAttributes(edge);
      const target = graph.getNodeAttributes(graph.target(edge));
      lists[String(said['kind'])]?.push({
        ...said,
        from: name,
        to: String(target['service'] ?? target['node']),
      });
    }
  }
  const ordered = (list: readonly Features[] | undefined): Features[] =>
    [...(list ?? [])].sort((a, b) => Number(a['at']) - Number(b['at']));
  return parseTrace({
    id,
    ...pick(features, TRACE_SCALARS),
    ...pick(features, UTILITIES),
    vector: parsed(features, 'vector'),
    ...(features['context'] === undefined ? {} : { context: parsed(features, 'context') }),
    rollout: parsed(features, 'rollout'),
    performance: pick(features, PERFORMANCE),
    dag: {
      name: features['dag'],
      class: features['class'],
      qos: pick(features, QOS),
      ingress: parsed(features, 'ingress'),
      services: services.map(({ key, name }) => ({
        name,
        ...pick(graph.getNodeAttributes(key), ['work', 'cpuMilli', 'memoryBytes', 'replicas']),
      })),
      calls: ordered(lists['calls']).map((c) =>
        pick(c, ['from', 'to', 'payloadBytes', 'callsPerRequest', 'sync']),
      ),
    },
    map: {
      nodes: ordered(nodes).map((n) => pick(n, ['name', 'region', 'cpuMilli', 'utilisationPpm'])),
      placements: ordered(lists['placed-on']).map((p) => ({
        ...pick(p, ['replica', 'serveMicros']),
        service: p['from'],
        node: p['to'],
      })),
      routes: ordered(lists['routes']).map((r) => ({
        ...pick(r, ['from', 'to', 'weightPpm', 'latencyMicros', 'bandwidthBps']),
        via: parsed(r, 'via'),
      })),
    },
  });
}

function pick(features: Features, names: readonly string[]): Features {
  const kept: Features = {};
  for (const name of names) {
    const value = features[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

function parsed(features: Features, name: string): unknown {
  try {
    return JSON.parse(String(features[name]));
  } catch {
    throw new RefusedTrace(name, 'it is no JSON list', 'import a graph that "edgeloom memory export" wrote');
  }
}
