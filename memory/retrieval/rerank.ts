import { NODE_WIDTH } from './subgraph.ts';
import type { Subgraph } from './subgraph.ts';
import type { Pruned } from './prune.ts';

/** Layers of message passing (L of Eq. 2). */
const LAYERS = 2;

/** What message passing makes of a subgraph. */
export interface Reranked {
  /** α-weighted mean over the nodes of q'ᵀh_v, both of length 1: from -1 to 1. */
  readonly relevance: number;
  /** α-weighted mean of h_v: the subgraph in `NODE_WIDTH` numbers. */
  readonly pooled: Float64Array;
}

/**
 * Eq. 2 as corrected: h_v⁰ = α_v z_v; each layer adds to h_v the attention-weighted mean of its neighbours' α_uv h_u with
 * α_uv = α_e α_u, attention by how well a neighbour answers the query, and scales to length 1 (U is the residual update, A the
 * attention). Relevance of the graph is the α-weighted mean over its nodes: a sum would favour large graphs.
 */
export function rerank(graph: Subgraph, pruned: Pruned, expected: Float64Array): Reranked {
  const query = unit(expected);
  let h = new Float64Array(graph.nodeEmbeddings);
  for (let v = 0; v < graph.nodes; v++) {
    for (let j = 0; j < NODE_WIDTH; j++)
      h[v * NODE_WIDTH + j] = (pruned.nodes[v] ?? 0) * (h[v * NODE_WIDTH + j] ?? 0);
  }
  for (let layer = 0; layer < LAYERS; layer++) h = passed(graph, pruned, h, query);
  let weight = 0;
  let relevance = 0;
  const pooled = new Float64Array(NODE_WIDTH);
  for (let v = 0; v < graph.nodes; v++) {
    const alpha = pruned.nodes[v] ?? 0;
    const row = h.subarray(v * NODE_WIDTH, (v + 1) * NODE_WIDTH);
    weight += alpha;
    relevance += alpha * dot(query, row);
    for (const [j, x] of row.entries()) pooled[j] = (pooled[j] ?? 0) + alpha * x;
  }
  if (weight > 0) for (let j = 0; j < NODE_WIDTH; j++) pooled[j] = (pooled[j] ?? 0) / weight;
  return { relevance: weight === 0 ? 0 : relevance / weight, pooled };
}

/** One layer; calls carry messages both ways. */
function passed(
  graph: Subgraph,
  pruned: Pruned,
  h: Float64Array,
  query: Float64Array,
): Float64Array<ArrayBuffer> {
  const sums = new Float64Array(h.length);
  const weights = new Float64Array(graph.nodes);
  const send = (u: number, v: number, e: number): void => {
    const row = h.subarray(u * NODE_WIDTH, (u + 1) * NODE_WIDTH);
    const alpha = (pruned.edges[e] ?? 0) * (pruned.nodes[u] ?? 0);
    const attention = alpha * Math.exp(dot(query, row));
    weights[v] = (weights[v] ?? 0) + attention;
    for (const [j, x] of row.entries()) {
      sums[v * NODE_WIDTH + j] = (sums[v * NODE_WIDTH + j] ?? 0) + attention * alpha * x;
    }
  };
  for (let e = 0; e < graph.from.length; e++) {
    send(graph.from[e] ?? 0, graph.to[e] ?? 0, e);
    send(graph.to[e] ?? 0, graph.from[e] ?? 0, e);
  }
  const next = new Float64Array(h.length);
  for (let v = 0; v < graph.nodes; v++) {
    const weight = weights[v] ?? 0;
    for (let j = 0; j < NODE_WIDTH; j++) {
      const at = v * NODE_WIDTH + j;
      next[at] = (h[at] ?? 0) + (weight === 0 ? 0 : (sums[at] ?? 0) / weight);
    }
    next.set(unit(next.subarray(v * NODE_WIDTH, (v + 1) * NODE_WIDTH)), v * NODE_WIDTH);
  }
  return next;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (const [i, x] of a.entries()) sum += x * (b[i] ?? 0);
  return sum;
}

function unit(a: Float64Array): Float64Array {
  const length = Math.sqrt(dot(a, a));
  return length === 0 ? new Float64Array(a.length) : a.map((x) => x / length);
}
