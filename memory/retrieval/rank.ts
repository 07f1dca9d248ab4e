import type { Hit } from '#memory/store/trace-store.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { COMPOSITE_WEIGHTS, composite, prepared } from './composite.ts';
import type { Composite, CompositeWeights } from './composite.ts';
import { expectedNode } from './expected.ts';
import type { Projection } from './expected.ts';
import { PRUNING_WEIGHTS, softPrune } from './prune.ts';
import type { PruningWeights } from './prune.ts';
import { rerank } from './rerank.ts';
import type { Situation } from './situation.ts';
import { NODE_WIDTH, subgraphOf } from './subgraph.ts';
import { explain } from './explain.ts';

/** Everything that decides the order, all of it replaceable by what training finds. */
export interface RankingModel {
  readonly composite: CompositeWeights;
  readonly pruning: PruningWeights;
  /** W_q of Eq. 1; without it q' is a regression over the retrieved. */
  readonly projection?: Projection;
  /** Share of the relevance of Eq. 2 in the score; the rest is the composite similarity, pruned by the mean α. */
  readonly relevance: number;
}

export const RANKING_MODEL: RankingModel = {
  composite: COMPOSITE_WEIGHTS,
  pruning: PRUNING_WEIGHTS,
  relevance: 0.2,
};

/** A retrieved trace with why it was retrieved. */
export interface Retrieved {
  readonly trace: Trace;
  readonly own: boolean;
  /** What the order is by. */
  readonly score: number;
  readonly composite: Composite;
  /** Mean α_v: how much of the trace survived pruning. */
  readonly kept: number;
  /** From -1 to 1. */
  readonly relevance: number;
  /** The subgraph in `NODE_WIDTH` numbers. */
  readonly pooled: Float64Array;
  /** One sentence a step, for people. */
  readonly reasons: readonly string[];
}

/**
 * Orders the nearest traces for a situation: composite similarity → adaptive soft pruning (Eq. 1) → attention reranking (Eq. 2) →
 * the best `count`. Pure; equal scores in order of id.
 */
export function rank(
  situation: Situation,
  near: readonly { readonly hit: Hit; readonly trace: Trace }[],
  count: number,
  model: RankingModel = RANKING_MODEL,
): Retrieved[] {
  const query = prepared(situation);
  const compared = near.map(({ hit, trace }) => {
    const similar = composite(query, trace, hit.similarity, model.composite);
    return {
      hit,
      trace,
      similar,
      graph: subgraphOf(trace, situation, similar.match),
      similarity: similar.similarity,
    };
  });
  const expected = expectedNode(situation.vector, model.projection, compared);
  return compared
    .map(({ hit, trace, similar, graph }) => {
      const pruned = softPrune(graph, expected, situation.nowMs - trace.createdMs, model.pruning);
      const { relevance, pooled } = rerank(graph, pruned, expected);
      const kept = pruned.nodes.reduce((a, b) => a + b, 0) / graph.nodes;
      const score =
        (1 - model.relevance) * similar.similarity * kept + (model.relevance * (1 + relevance)) / 2;
      const found = { trace, own: hit.own, score, composite: similar, kept, relevance, pooled };
      return { ...found, reasons: explain(found, situation) };
    })
    .sort((a, b) => b.score - a.score || (a.trace.id < b.trace.id ? -1 : 1))
    .slice(0, count);
}

/** Spread of scores over which the context's weights fall by e. */
const TEMPERATURE = 0.1;

/**
 * z^LLM: the retrieved traces as one vector of fixed length: the mean of their query vectors and of their pooled subgraphs, and of
 * their utility, latency against the target and success, weighted by a softmax of their scores. All zero when nothing was retrieved.
 */
export function contextVector(retrieved: readonly Retrieved[], situation: Situation): Float32Array {
  const dimension = situation.vector.length;
  const context = new Float32Array(dimension + NODE_WIDTH + 3);
  const best = Math.max(...retrieved.map((r) => r.score));
  const weights = retrieved.map((r) => Math.exp((r.score - best) / TEMPERATURE));
  const total = weights.reduce((a, b) => a + b, 0);
  // Traces of other tenants come without their vectors.
  const seen = retrieved.reduce(
    (sum, r, i) => sum + (r.trace.vector.length === dimension ? (weights[i] ?? 0) : 0),
    0,
  );
  for (const [i, { trace, pooled }] of retrieved.entries()) {
    const weight = (weights[i] ?? 0) / total;
    if (trace.vector.length === dimension && seen > 0) {
      for (const [j, x] of trace.vector.entries())
        context[j] = (context[j] ?? 0) + ((weights[i] ?? 0) / seen) * x;
    }
    const target = Math.max(1, trace.dag.qos.maxLatencyMicros);
    const outcome = [
      trace.realisedUtility,
      trace.performance.latencyMicros / target,
      trace.performance.successPpm / 1e6,
    ];
    for (const [j, x] of [...pooled, ...outcome].entries()) {
      context[dimension + j] = (context[dimension + j] ?? 0) + weight * x;
    }
  }
  return context;
}
