import { EDGE_FEATURES, NODE_FEATURES } from './subgraph.ts';
import type { Subgraph } from './subgraph.ts';
import { EDGE_WIDTH, NODE_WIDTH } from './trace-graph.ts';

/** A network of one hidden layer: σ(w₂·tanh(W₁x + b₁) + b₂). */
export interface Mlp {
  readonly inputs: number;
  /** `hidden * inputs`, row by row. */
  readonly first: readonly number[];
  readonly firstBias: readonly number[];
  readonly second: readonly number[];
  readonly secondBias: number;
}

/** Weights of adaptive soft pruning: MLP_v over [distance, f_v, age] and MLP_e over [distance, f_e, age]. */
export interface PruningWeights {
  readonly node: Mlp;
  readonly edge: Mlp;
}

/** Attention weights of Eq. 1. */
export interface Pruned {
  /** α_v of each node, in (0, 1). */
  readonly nodes: Float64Array;
  /** α_e of each edge, in (0, 1). */
  readonly edges: Float64Array;
}

/** A day: ages enter as age / (age + this), so that they stay below 1. */
const AGE_SCALE_MS = 86_400_000;

/** Inputs of MLP_v and MLP_e. */
export const NODE_INPUTS = 2 + NODE_FEATURES;
export const EDGE_INPUTS = 2 + EDGE_FEATURES;

/** Δt as the networks see it: 0 for now, a half for a day, below 1. */
export const ageInput = (ageMs: number): number => Math.max(0, ageMs) / (Math.max(0, ageMs) + AGE_SCALE_MS);

/**
 * Eq. 1 as corrected: α_v = σ(MLP_v(‖z_v − q'‖, f_v, Δt)), α_e = σ(MLP_e(‖z_e − r_e‖, f_e, Δt)); q' is the query projected into the
 * nodes' space (`expected`, `NODE_WIDTH` numbers).
 */
export function softPrune(
  graph: Subgraph,
  expected: Float64Array,
  ageMs: number,
  weights: PruningWeights,
): Pruned {
  const age = ageInput(ageMs);
  const nodes = new Float64Array(graph.nodes);
  const input = new Float64Array(2 + Math.max(NODE_FEATURES, EDGE_FEATURES));
  for (let v = 0; v < graph.nodes; v++) {
    input[0] = distance(graph.nodeEmbeddings, v * NODE_WIDTH, expected, 0, NODE_WIDTH);
    for (let f = 0; f < NODE_FEATURES; f++) input[1 + f] = graph.nodeFeatures[v * NODE_FEATURES + f] ?? 0;
    input[1 + NODE_FEATURES] = age;
    nodes[v] = sigmoid(output(weights.node, input));
  }
  const edges = new Float64Array(graph.from.length);
  for (let e = 0; e < edges.length; e++) {
    input[0] = distance(
      graph.edgeEmbeddings,
      e * EDGE_WIDTH,
      graph.edgePrototypes,
      e * EDGE_WIDTH,
      EDGE_WIDTH,
    );
    for (let f = 0; f < EDGE_FEATURES; f++) input[1 + f] = graph.edgeFeatures[e * EDGE_FEATURES + f] ?? 0;
    input[1 + EDGE_FEATURES] = age;
    edges[e] = sigmoid(output(weights.edge, input));
  }
  return { nodes, edges };
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function output(mlp: Mlp, x: Float64Array): number {
  let sum = mlp.secondBias;
  for (let h = 0; h < mlp.second.length; h++) {
    let inside = mlp.firstBias[h] ?? 0;
    for (let i = 0; i < mlp.inputs; i++) inside += (mlp.first[h * mlp.inputs + i] ?? 0) * (x[i] ?? 0);
    sum += (mlp.second[h] ?? 0) * Math.tanh(inside);
  }
  return sum;
}

/** Euclidean distance of a row of one list from a row of another. */
export function distance(a: Float64Array, atA: number, b: Float64Array, atB: number, width: number): number {
  let sum = 0;
  for (let j = 0; j < width; j++) {
    const apart = (a[atA + j] ?? 0) - (b[atB + j] ?? 0);
    sum += apart * apart;
  }
  return Math.sqrt(sum);
}
