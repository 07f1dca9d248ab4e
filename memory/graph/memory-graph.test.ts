import assert from 'node:assert/strict';
import { MultiDirectedGraph } from 'graphology';
import { traceOf } from '#memory/test-traces.ts';
import { RefusedTrace } from '#memory/trace/refusal.ts';
import { fromGraphml, toGraphml } from './graphml.ts';
import { memoryGraph, tracesOf } from './memory-graph.ts';

const nowMs = 1_700_000_100_000;
const first = traceOf(1);
const traces = [
  first,
  traceOf(2),
  traceOf(3, {
    dag: first.dag,
    replanOf: first.id,
    shareable: true,
    source: 'observed',
    tenant: `<&"'> ünïcode`,
  }),
  traceOf(4, { replanOf: 'ab'.repeat(32) }),
];
const inOrder = traces.toSorted((a, b) => (a.id < b.id ? -1 : 1));

describe('the memory graph', () => {
  it('ties traces to their services, machines, earlier and replaced traces, with features and age', () => {
    const graph = memoryGraph(traces, nowMs);
    const kinds = new Map<unknown, number>();
    graph.forEachEdge((_e, { kind }) => void kinds.set(kind, (kinds.get(kind) ?? 0) + 1));
    const sum = (count: (t: (typeof traces)[number]) => number): number =>
      traces.reduce((s, t) => s + count(t), 0);
    assert.equal(
      kinds.get('serves'),
      sum((t) => t.dag.services.length),
    );
    assert.equal(
      kinds.get('calls'),
      sum((t) => t.dag.calls.length),
    );
    assert.equal(
      kinds.get('placed-on'),
      sum((t) => t.map.placements.length),
    );
    assert.equal(
      kinds.get('routes'),
      sum((t) => t.map.routes.length),
    );
    assert.equal(kinds.get('same-dag'), 1);
    assert.equal(kinds.get('replan-of'), 1);
    assert.equal(graph.getNodeAttribute(first.id, 'ageMs'), nowMs - first.createdMs);
    const machines = new Set(traces.flatMap((t) => t.map.nodes.map((n) => n.name)));
    assert.equal(graph.filterNodes((_k, f) => f['kind'] === 'node').length, machines.size);
  });

  it('gives its traces back whole, through graphology JSON and through GraphML', () => {
    const graph = memoryGraph(traces, nowMs);
    assert.deepEqual(tracesOf(graph), inOrder);
    const json = JSON.stringify(graph.export());
    assert.deepEqual(
      tracesOf(MultiDirectedGraph.from(JSON.parse(json) as ReturnType<typeof graph.export>)),
      inOrder,
    );
    assert.deepEqual(tracesOf(fromGraphml(toGraphml(graph))), inOrder);
  });

  it('refuses what is no memory graph, and one that was altered', () => {
    assert.throws(() => fromGraphml('no xml at all'), RefusedTrace);
    assert.throws(() => tracesOf(new MultiDirectedGraph()), /no node of kind "trace"/);
    const graph = memoryGraph(traces, nowMs);
    graph.setNodeAttribute(first.id, 'latencyMicros', 1);
    assert.throws(() => tracesOf(graph), /hashes to/);
    graph.removeNodeAttribute(first.id, 'vector');
    assert.throws(() => tracesOf(graph), RefusedTrace);
  });
});
