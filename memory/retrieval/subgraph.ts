import type { Trace } from '#memory/trace/trace.ts';
import type { Prepared } from './composite.ts';
import type { Match } from './edit-distance.ts';
import { countScale, payloadScale, timeScale } from './scales.ts';
import { EDGE_WIDTH, traceGraphOf } from './trace-graph.ts';
import type { TraceGraph } from './trace-graph.ts';

/** Structural features f_v: calls in, calls out, entry, leaf, is it matched, how much busier its machine is now. */
export const NODE_FEATURES = 6;
/** f_e: hops, is its call matched. */
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

/** The graph of a trace, seen from a situation. */
export function subgraphOf(
  trace: Trace,
  query: Prepared,
  match: Match,
  graph: TraceGraph = traceGraphOf(trace),
): Subgraph {
  const { dag, machines, busy, nodeEmbeddings, edgeEmbeddings, hops } = graph;
  const { count, from, to, ins, outs } = dag;
  const matchedTo = new Int32Array(count).fill(-1);
  for (let i = 0; i < match.mapped.length; i++) {
    const j = match.mapped[i] ?? -1;
    if (j >= 0) matchedTo[j] = i;
  }
  const nodeFeatures = new Float64Array(count * NODE_FEATURES);
  for (let i = 0; i < count; i++) {
    const [into, out] = [ins[i] ?? 0, outs[i] ?? 0];
    const row = i * NODE_FEATURES;
    const now = query.nodes.get(machines[i] ?? '');
    nodeFeatures[row] = countScale(into);
    nodeFeatures[row + 1] = countScale(out);
    nodeFeatures[row + 2] = into === 0 ? 1 : 0;
    nodeFeatures[row + 3] = out === 0 ? 1 : 0;
    nodeFeatures[row + 4] = (matchedTo[i] ?? -1) >= 0 ? 1 : 0;
    nodeFeatures[row + 5] = now === undefined ? 0 : now.utilisationPpm / 1e6 - (busy[i] ?? 0);
  }
  const { situation, callAt } = query;
  const edgePrototypes = edgeEmbeddings.slice();
  const edgeFeatures = new Float64Array(from.length * EDGE_FEATURES);
  for (let e = 0; e < from.length; e++) {
    const [a, b] = [from[e] ?? 0, to[e] ?? 0];
    const [i, k] = [matchedTo[a] ?? -1, matchedTo[b] ?? -1];
    const present = i < 0 || k < 0 ? -1 : (callAt[i * query.dag.count + k] ?? -1);
    const wanted = situation.dag.calls[present];
    const row = e * EDGE_WIDTH;
    if (wanted !== undefined) {
      edgePrototypes[row] = payloadScale(wanted.payloadBytes);
      edgePrototypes[row + 1] = countScale(wanted.callsPerRequest);
      edgePrototypes[row + 2] = wanted.sync ? 1 : 0;
    }
    const [x, y] = [machines[a], machines[b]];
    const payloadBytes = (wanted ?? trace.dag.calls[e])?.payloadBytes ?? 0;
    const now =
      x === undefined || y === undefined ? undefined : situation.transferMicros?.(x, y, payloadBytes);
    if (now !== undefined) edgePrototypes[row + 3] = timeScale(now);
    edgeFeatures[e * EDGE_FEATURES] = hops[e] ?? 0;
    edgeFeatures[e * EDGE_FEATURES + 1] = wanted === undefined ? 0 : 1;
  }
  return {
    nodes: count,
    nodeEmbeddings,
    nodeFeatures,
    from,
    to,
    edgeEmbeddings,
    edgeFeatures,
    edgePrototypes,
  };
}
