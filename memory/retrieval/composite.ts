import type { Trace } from '#memory/trace/trace.ts';
import type { DagFeatures } from './dag-features.ts';
import { dagFeatures } from './dag-features.ts';
import { matchDags } from './edit-distance.ts';
import type { Match } from './edit-distance.ts';
import type { PresentNode, Situation } from './situation.ts';
import { traceGraphOf } from './trace-graph.ts';
import type { TraceGraph } from './trace-graph.ts';

/** What one part counts: its share, and the power it is raised to (above 1: only the very like count). */
interface PartWeight {
  readonly weight: number;
  readonly power: number;
}

/** The four parts of the composite similarity; their weights sum to 1. */
export interface CompositeWeights {
  readonly dag: PartWeight;
  readonly placement: PartWeight;
  readonly vector: PartWeight;
  readonly load: PartWeight;
}

/** Natural logarithm of a part; nothing in common counts as a millionth. */
export const logPart = (part: number): number => Math.log(Math.max(part, 1e-6));

const part = (value: number, { weight, power }: PartWeight): number =>
  power === 1 ? weight * value : weight * Math.exp(power * logPart(value));

/** How near a trace is to the situation; every part and the whole from 0 to 1. */
export interface Composite {
  readonly similarity: number;
  readonly dag: number;
  readonly placement: number;
  readonly vector: number;
  readonly load: number;
  readonly match: Match;
}

/** The situation with what every comparison needs of it. */
export interface Prepared {
  readonly situation: Situation;
  readonly dag: DagFeatures;
  readonly nodes: ReadonlyMap<string, PresentNode>;
  readonly regions: ReadonlySet<string>;
  /** Index of the call between two services (`from * count + to`), -1 where there is none. */
  readonly callAt: Int32Array;
}

/** Prepares a situation for comparisons. */
export function prepared(situation: Situation): Prepared {
  const dag = dagFeatures(situation.dag);
  const callAt = new Int32Array(dag.count * dag.count).fill(-1);
  for (let e = 0; e < dag.callCount; e++) callAt[(dag.from[e] ?? 0) * dag.count + (dag.to[e] ?? 0)] = e;
  return {
    situation,
    dag,
    callAt,
    nodes: new Map(situation.nodes.map((n) => [n.name, n])),
    regions: new Set(situation.nodes.map((n) => n.region)),
  };
}

/**
 * Composite similarity ("Real-time prompting via TopoRAG"): DAG edit distance, placement overlap, the cosine of the query
 * vectors (below 0 counts as 0) and how like the rate of requests is (the less over the more), weighted.
 */
export function composite(
  query: Prepared,
  trace: Trace,
  cosine: number,
  weights: CompositeWeights,
  graph: TraceGraph = traceGraphOf(trace),
): Composite {
  const match = matchDags(query.dag, graph.dag);
  const placement = placementOverlap(query, graph, match);
  const vector = Math.max(0, cosine);
  const load = likeness(query.dag.requestsPerSecond, graph.dag.requestsPerSecond);
  const similarity =
    part(match.similarity, weights.dag) +
    part(placement, weights.placement) +
    part(vector, weights.vector) +
    part(load, weights.load);
  return { similarity, dag: match.similarity, placement, vector, load, match };
}

/** The less over the more; 1 when both are nothing. */
const likeness = (a: number, b: number): number => (a === b ? 1 : Math.min(a, b) / Math.max(a, b));

/** Room that a region offers in place of a machine that is gone. */
const REGION_ONLY = 0.5;

/**
 * Share of the trace's replicas, weighted by their processor demand, that could go where they went: 1 for a machine that is there
 * and has room, less as it lacks room, half where only its region is there. When the application runs already, the mean of that
 * and of the share of its matched services that are where the trace put them.
 */
export function placementOverlap(query: Prepared, { placements, dag }: TraceGraph, match: Match): number {
  let sum = 0;
  let total = 0;
  for (const { node: name, region, weight } of placements) {
    total += weight;
    const node = query.nodes.get(name);
    if (node !== undefined) {
      const room = Math.max(0, node.cpuMilli * (1 - node.utilisationPpm / 1e6));
      sum += weight * Math.min(1, room / weight);
    } else if (query.regions.has(region)) {
      sum += REGION_ONLY * weight;
    }
  }
  const possible = total === 0 ? 0 : sum / total;
  const { placed } = query.situation;
  if (placed === undefined || placed.size === 0) return possible;
  // Of each of the trace's services, which of ours it is matched to: what runs there stays when a replica was placed on the same node.
  const stays = new Uint8Array(dag.count);
  const ours: (string | undefined)[] = Array.from({ length: dag.count });
  for (const [service, node] of placed) {
    const j = match.mapped[query.dag.index.get(service) ?? -1] ?? -1;
    if (j >= 0) ours[j] = node;
  }
  for (const { service, node } of placements) if (ours[service] === node) stays[service] = 1;
  return (possible + stays.reduce((a, b) => a + b, 0) / placed.size) / 2;
}
