import { compared } from '../rank.ts';
import { PARTS, logPart, prepared } from '../composite.ts';
import { ageInput, EDGE_INPUTS, NODE_INPUTS, distance } from '../prune.ts';
import { SET_MODEL } from '../ranking-model.ts';
import { EDGE_FEATURES, NODE_FEATURES } from '../subgraph.ts';
import type { Subgraph } from '../subgraph.ts';
import { EDGE_WIDTH, NODE_WIDTH } from '../trace-graph.ts';
import { OUTCOMES, outcomeOf } from './example.ts';
import type { RankingExample } from './example.ts';
import type { Sizes } from './network.ts';

/** An example with everything computed that no weight changes. */
export interface Compared {
  readonly query: Float32Array;
  readonly graphs: readonly Subgraph[];
  readonly ages: readonly number[];
  /** Logarithms of all parts but the last, the learned metric, of each near trace. */
  readonly logSimilarities: readonly (readonly number[])[];
  readonly vectors: readonly Float32Array[];
  readonly outcomes: readonly (readonly number[])[];
  readonly outcome: readonly number[];
  /** Mean node of the graph that is most similar: what W_q shall make of the query. */
  readonly meanNode: Float64Array;
}

/** Compares an example's situation with its near traces. */
export function comparedExample({ situation, near, outcome }: RankingExample): Compared {
  const list = compared(prepared(situation), near, SET_MODEL);
  const best = list.reduce((a, b) => (b.similarity > a.similarity ? b : a));
  return {
    query: situation.vector,
    graphs: list.map((c) => c.graph),
    ages: list.map((c) => ageInput(situation.nowMs - c.trace.createdMs)),
    logSimilarities: list.map(({ similar }) => PARTS.slice(0, -1).map((name) => logPart(similar[name]))),
    vectors: list.map((c) => c.trace.vector),
    outcomes: list.map((c) => outcomeOf(c.trace)),
    outcome,
    meanNode: meanNode(best.graph),
  };
}

function meanNode({ nodes, nodeEmbeddings }: Subgraph): Float64Array {
  const mean = new Float64Array(NODE_WIDTH);
  for (let at = 0; at < nodeEmbeddings.length; at++)
    mean[at % NODE_WIDTH] = (mean[at % NODE_WIDTH] ?? 0) + (nodeEmbeddings[at] ?? 0) / nodes;
  return mean;
}

/** The inputs of `rankingNetwork` for a batch; outcomes in deviations (`scale`). Graphs of more services than fit are cut. */
export function packed(
  batch: readonly Compared[],
  chosen: readonly (Float32Array | undefined)[],
  sizes: Sizes,
  scale: readonly number[],
): Record<string, Float32Array> {
  const { near, services: v, query: width } = sizes;
  const graphs = batch.length * near;
  const data = {
    query: new Float32Array(batch.length * width),
    nodes: new Float32Array(graphs * v * NODE_WIDTH),
    nodeFeatures: new Float32Array(graphs * v * (NODE_INPUTS - 1)),
    mask: new Float32Array(graphs * v),
    edges: new Float32Array(graphs * v * v * EDGE_INPUTS),
    adjacency: new Float32Array(graphs * v * v),
    logSimilarities: new Float32Array(graphs * (PARTS.length - 1)),
    differences: new Float32Array(graphs * width),
    outcomes: new Float32Array(graphs * OUTCOMES.length),
    wanted: new Float32Array(batch.length * OUTCOMES.length),
    meanNode: new Float32Array(batch.length * NODE_WIDTH),
    chosen: new Float32Array(batch.length * near),
  };
  const scaled = (values: readonly number[]): number[] => values.map((x, c) => x / (scale[c] ?? 1));
  for (const [b, example] of batch.entries()) {
    data.query.set(example.query, b * width);
    data.wanted.set(scaled(example.outcome), b * OUTCOMES.length);
    data.meanNode.set(example.meanNode, b * NODE_WIDTH);
    data.chosen.set(chosen[b] ?? [], b * near);
    for (const [c, graph] of example.graphs.slice(0, near).entries()) {
      const g = b * near + c;
      data.logSimilarities.set(example.logSimilarities[c] ?? [], g * (PARTS.length - 1));
      for (let j = 0; j < width; j++)
        data.differences[g * width + j] = (example.query[j] ?? 0) - (example.vectors[c]?.[j] ?? 0);
      data.outcomes.set(scaled(example.outcomes[c] ?? []), g * OUTCOMES.length);
      packGraph(graph, example.ages[c] ?? 0, g, v);
    }
  }
  return data;

  function packGraph(graph: Subgraph, age: number, g: number, v: number): void {
    const count = Math.min(v, graph.nodes);
    data.nodes.set(graph.nodeEmbeddings.subarray(0, count * NODE_WIDTH), g * v * NODE_WIDTH);
    for (let i = 0; i < count; i++) {
      const row = graph.nodeFeatures.subarray(i * NODE_FEATURES, (i + 1) * NODE_FEATURES);
      data.nodeFeatures.set([...row, age], (g * v + i) * (NODE_INPUTS - 1));
      data.mask[g * v + i] = 1;
    }
    for (let e = 0; e < graph.from.length; e++) {
      const [from, to] = [graph.from[e] ?? 0, graph.to[e] ?? 0];
      if (from >= v || to >= v) continue;
      const at = (g * v + from) * v + to;
      const apart = distance(
        graph.edgeEmbeddings,
        e * EDGE_WIDTH,
        graph.edgePrototypes,
        e * EDGE_WIDTH,
        EDGE_WIDTH,
      );
      const row = graph.edgeFeatures.subarray(e * EDGE_FEATURES, (e + 1) * EDGE_FEATURES);
      data.edges.set([apart, ...row, age], at * EDGE_INPUTS);
      data.adjacency[at] = 1;
    }
  }
}
