import type { Subgraph } from './subgraph.ts';
import { NODE_WIDTH } from './trace-graph.ts';

/** W_q: `NODE_WIDTH` rows of as many numbers as the query has. */
export type Projection = Float32Array;

/**
 * q' of Eq. 1: the query in the space of the nodes. With a trained W_q it is W_q q; without, it is the regression of the retrieved
 * graphs' mean nodes on their similarity to the query (Nadaraya and Watson), which needs no training and no weights.
 */
export function expectedNode(
  query: Float32Array,
  projection: Projection | undefined,
  retrieved: readonly { readonly graph: Subgraph; readonly similarity: number }[],
): Float64Array {
  const expected = new Float64Array(NODE_WIDTH);
  if (projection !== undefined) {
    if (projection.length !== NODE_WIDTH * query.length) {
      throw new RangeError(
        `W_q has ${projection.length} numbers, a query of ${query.length} needs ${NODE_WIDTH * query.length}`,
      );
    }
    for (let j = 0; j < NODE_WIDTH; j++) {
      for (const [i, x] of query.entries())
        expected[j] = (expected[j] ?? 0) + (projection[j * query.length + i] ?? 0) * x;
    }
    return expected;
  }
  let total = 0;
  for (const { graph, similarity } of retrieved) {
    const weight = Math.exp(SHARPNESS * similarity);
    total += weight;
    for (let v = 0; v < graph.nodes; v++) {
      for (let j = 0; j < NODE_WIDTH; j++) {
        expected[j] =
          (expected[j] ?? 0) + (weight * (graph.nodeEmbeddings[v * NODE_WIDTH + j] ?? 0)) / graph.nodes;
      }
    }
  }
  return total === 0 ? expected : expected.map((x) => x / total);
}

/** Similarities from 0 to 1 differ by e^8 in weight. */
const SHARPNESS = 8;
