import type { Subgraph } from './subgraph.ts';
import { NODE_WIDTH } from './trace-graph.ts';
import type { Pruned } from './prune.ts';

/** Layers of message passing (L of Eq. 2). */
export const LAYERS = 2;

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
  const query = Float64Array.from(expected);
  scaleRow(query, 0);
  let h = new Float64Array(graph.nodeEmbeddings);
  for (let at = 0; at < h.length; at++)
    h[at] = (pruned.nodes[Math.floor(at / NODE_WIDTH)] ?? 0) * (h[at] ?? 0);
  for (let layer = 0; layer < LAYERS; layer++) h = passed(graph, pruned, h, query);
  let weight = 0;
  let relevance = 0;
  const pooled = new Float64Array(NODE_WIDTH);
  for (let v = 0; v < graph.nodes; v++) {
    const alpha = pruned.nodes[v] ?? 0;
    weight += alpha;
    relevance += alpha * dotRow(query, h, v);
    for (let j = 0; j < NODE_WIDTH; j++) pooled[j] = (pooled[j] ?? 0) + alpha * (h[v * NODE_WIDTH + j] ?? 0);
  }
  if (weight > 0) for (let j = 0; j < NODE_WIDTH; j++) pooled[j] = (pooled[j] ?? 0) / weight;
  return { relevance: weight === 0 ? 0 : relevance / weight, pooled };
}

type Numbers = Float64Array<ArrayBuffer>;

/** One layer; calls carry messages both ways. */
function passed(graph: Subgraph, pruned: Pruned, h: Numbers, query: Numbers): Numbers {
  const sums = new Float64Array(h.length);
  const weights = new Float64Array(graph.nodes);
  const answers = new Float64Array(graph.nodes).map((_, u) => Math.exp(dotRow(query, h, u)));
  const send = (u: number, v: number, e: number): void => {
    const alpha = (pruned.edges[e] ?? 0) * (pruned.nodes[u] ?? 0);
    const attention = alpha * (answers[u] ?? 0);
    weights[v] = (weights[v] ?? 0) + attention;
    for (let j = 0; j < NODE_WIDTH; j++) {
      sums[v * NODE_WIDTH + j] =
        (sums[v * NODE_WIDTH + j] ?? 0) + attention * alpha * (h[u * NODE_WIDTH + j] ?? 0);
    }
  };
  for (let e = 0; e < graph.from.length; e++) {
    send(graph.from[e] ?? 0, graph.to[e] ?? 0, e);
    send(graph.to[e] ?? 0, graph.from[e] ?? 0, e);
  }
  for (let v = 0; v < graph.nodes; v++) {
    const weight = weights[v] ?? 0;
    for (let j = 0; j < NODE_WIDTH; j++) {
      const at = v * NODE_WIDTH + j;
      sums[at] = (h[at] ?? 0) + (weight === 0 ? 0 : (sums[at] ?? 0) / weight);
    }
    scaleRow(sums, v);
  }
  return sums;
}

function dotRow(query: Numbers, rows: Numbers, row: number): number {
  let sum = 0;
  for (let j = 0; j < NODE_WIDTH; j++) sum += (query[j] ?? 0) * (rows[row * NODE_WIDTH + j] ?? 0);
  return sum;
}

/** Makes a row's length 1; a row of zeros stays. */
function scaleRow(rows: Numbers, row: number): void {
  let square = 0;
  for (let j = 0; j < NODE_WIDTH; j++)
    square += (rows[row * NODE_WIDTH + j] ?? 0) * (rows[row * NODE_WIDTH + j] ?? 0);
  if (square === 0) return;
  const length = Math.sqrt(square);
  for (let j = 0; j < NODE_WIDTH; j++)
    rows[row * NODE_WIDTH + j] = (rows[row * NODE_WIDTH + j] ?? 0) / length;
}
