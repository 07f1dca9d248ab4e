import type { Trace } from '#memory/trace/trace.ts';
import type { DagFeatures } from './dag-features.ts';
import { dagFeatures } from './dag-features.ts';
import { matchDags } from './edit-distance.ts';
import type { Match } from './edit-distance.ts';
import { expectationOf, limitOf } from './expectation.ts';
import { metricDistance } from './metric.ts';
import type { Metric } from './metric.ts';
import type { PresentNode, Situation } from './situation.ts';
import { traceGraphOf } from './trace-graph.ts';
import type { TraceGraph } from './trace-graph.ts';

/** What one part counts: its share, and the power it is raised to (above 1: only the very like count). */
export interface PartWeight {
  readonly weight: number;
  readonly power: number;
}

/** The parts of the composite similarity, in the order in which training counts them. */
export const PARTS = [
  'dag',
  'placement',
  'vector',
  'load',
  'limit',
  'utility',
  'latency',
  'busy',
  'metric',
] as const;
export type Part = (typeof PARTS)[number];

/** What each part counts; their weights sum to 1. */
export type CompositeWeights = Readonly<Record<Part, PartWeight>>;

/** What the composite similarity needs of a model. */
export interface CompositeModel {
  readonly composite: CompositeWeights;
  /** M of the part `metric`; without it that part is the cosine. */
  readonly metric?: Metric;
}

/** Natural logarithm of a part; nothing in common counts as a millionth. */
export const logPart = (part: number): number => Math.log(Math.max(part, 1e-6));

const part = (value: number, { weight, power }: PartWeight): number =>
  weight === 0 ? 0 : power === 1 ? weight * value : weight * Math.exp(power * logPart(value));

/** How near a trace is to the situation; every part and the whole from 0 to 1. */
export interface Composite extends Readonly<Record<Part, number>> {
  readonly similarity: number;
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
 * vectors (below 0 counts as 0), how like rate of requests and latency limit are (the less over the more), how like what the world model
 * expected of the trace then is to what it expects of what runs now (utility, latency over limit, busy share; all 1 when nothing runs
 * yet), and e^−‖M(q − z)‖², nearness in a learned metric of the query vectors (the cosine where the trace comes without its vector); weighted.
 */
export function composite(
  query: Prepared,
  trace: Trace,
  cosine: number,
  { composite: weights, metric }: CompositeModel,
  graph: TraceGraph = traceGraphOf(trace),
): Composite {
  const match = matchDags(query.dag, graph.dag);
  const placement = placementOverlap(query, graph, match);
  const vector = Math.max(0, cosine);
  const { dag, expected, vector: asked } = query.situation;
  const then = expected === undefined ? undefined : expectationOf(trace, graph.dag);
  const parts: Record<Part, number> = {
    dag: match.similarity,
    placement,
    vector,
    load: likeness(query.dag.requestsPerSecond, graph.dag.requestsPerSecond),
    limit: likeness(limitOf(dag), limitOf(trace.dag)),
    utility: 1,
    latency: 1,
    busy: 1,
    metric:
      metric === undefined || trace.vector.length !== asked.length
        ? vector
        : Math.exp(-metricDistance(metric, asked, trace.vector)),
  };
  if (then !== undefined && expected !== undefined) {
    parts.utility = Math.exp(-Math.abs(expected.utility - then.utility));
    parts.latency = likeness(expected.latencyRatio, then.latencyRatio);
    parts.busy = 1 - Math.abs(expected.busy - then.busy);
  }
  let similarity = 0;
  for (const name of PARTS) similarity += part(parts[name], weights[name]);
  return { ...parts, similarity, match };
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
