import type { Hit } from '#memory/store/trace-store.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { composite, prepared } from './composite.ts';
import type { Composite, Prepared } from './composite.ts';
import { expectedNode } from './expected.ts';
import { explain } from './explain.ts';
import { softPrune } from './prune.ts';
import { SET_MODEL } from './ranking-model.ts';
import type { RankingModel } from './ranking-model.ts';
import { rerank } from './rerank.ts';
import type { Ranked, Retrieved } from './retrieved.ts';
import type { Situation } from './situation.ts';
import { subgraphOf } from './subgraph.ts';
import type { Subgraph } from './subgraph.ts';
import { NODE_WIDTH, traceGraphOf } from './trace-graph.ts';

/** A trace near to the query. */
export interface Near {
  readonly hit: Hit;
  readonly trace: Trace;
}

/** A trace compared with the situation, before pruning. */
export interface Compared extends Near {
  readonly similar: Composite;
  readonly graph: Subgraph;
  readonly similarity: number;
}

/** The first half of ranking: composite similarity and subgraph of each. */
export function compared(query: Prepared, near: readonly Near[], model: RankingModel): Compared[] {
  return near.map(({ hit, trace }) => {
    const made = traceGraphOf(trace);
    const similar = composite(query, trace, hit.similarity, model, made);
    const graph = subgraphOf(trace, query, similar.match, made);
    return { hit, trace, similar, graph, similarity: similar.similarity };
  });
}

/**
 * Orders the nearest traces for a situation: composite similarity → adaptive soft pruning (Eq. 1) → attention reranking (Eq. 2).
 * Pure; equal scores in order of id.
 */
export function ordered(
  situation: Situation,
  near: readonly Near[],
  model: RankingModel = SET_MODEL,
): Ranked[] {
  const list = compared(prepared(situation), near, model);
  const expected = expectedNode(situation.vector, model.projection, list);
  return list
    .map(({ hit, trace, similar, graph }): Ranked => {
      const pruned = softPrune(graph, expected, situation.nowMs - trace.createdMs, model.pruning);
      const { relevance, pooled } = rerank(graph, pruned, expected);
      let sum = 0;
      for (let v = 0; v < graph.nodes; v++) sum += pruned.nodes[v] ?? 0;
      const kept = sum / graph.nodes;
      const score =
        (1 - model.relevance) * similar.similarity * kept + (model.relevance * (1 + relevance)) / 2;
      return { trace, own: hit.own, score, composite: similar, kept, relevance, pooled };
    })
    .sort((a, b) => b.score - a.score || (a.trace.id < b.trace.id ? -1 : 1));
}

/** The best `count` of `ordered`, each with its reasons. */
export function rank(
  situation: Situation,
  near: readonly Near[],
  count: number,
  model: RankingModel = SET_MODEL,
): Retrieved[] {
  return explained(ordered(situation, near, model).slice(0, count), situation);
}

/** The same with reasons. */
export const explained = (list: readonly Ranked[], situation: Situation): Retrieved[] =>
  list.map((found) => ({ ...found, reasons: explain(found, situation) }));

/** Weight of each retrieved trace in what is said of all together: a softmax of their scores; they sum to 1. */
export function weightsOf(scores: readonly number[], temperature: number): number[] {
  const best = Math.max(...scores);
  const raw = scores.map((score) => Math.exp((score - best) / temperature));
  const total = raw.reduce((a, b) => a + b, 0);
  return raw.map((x) => x / total);
}

/**
 * z^LLM: the retrieved traces as one vector of fixed length: the mean of their query vectors and of their pooled subgraphs, and of
 * their utility, latency against the target and success, weighted by a softmax of their scores. All zero when nothing was retrieved.
 */
export function contextVector(
  retrieved: readonly Ranked[],
  situation: Situation,
  model: RankingModel = SET_MODEL,
): Float32Array {
  const dimension = situation.vector.length;
  const context = new Float32Array(dimension + NODE_WIDTH + 3);
  const weights = weightsOf(
    retrieved.map((r) => r.score),
    model.temperature,
  );
  // Traces of other tenants come without their vectors.
  const seen = retrieved.reduce(
    (sum, r, i) => sum + (r.trace.vector.length === dimension ? (weights[i] ?? 0) : 0),
    0,
  );
  for (const [i, { trace, pooled }] of retrieved.entries()) {
    const weight = weights[i] ?? 0;
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
