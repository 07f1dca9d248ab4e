import type { Trace } from '#memory/trace/trace.ts';
import type { DagFeatures } from './dag-features.ts';
import { dagFeatures } from './dag-features.ts';
import { matchDags } from './edit-distance.ts';
import type { Match } from './edit-distance.ts';
import type { PresentNode, Situation } from './situation.ts';

/** Shares of the three parts of the composite similarity; they sum to 1. */
export interface CompositeWeights {
  readonly dag: number;
  readonly placement: number;
  readonly vector: number;
}

export const COMPOSITE_WEIGHTS: CompositeWeights = { dag: 0.4, placement: 0.2, vector: 0.4 };

/** How near a trace is to the situation; every part and the whole from 0 to 1. */
export interface Composite {
  readonly similarity: number;
  readonly dag: number;
  readonly placement: number;
  readonly vector: number;
  readonly match: Match;
}

/** The situation with what every comparison needs of it. */
export interface Prepared {
  readonly situation: Situation;
  readonly dag: DagFeatures;
  readonly nodes: ReadonlyMap<string, PresentNode>;
  readonly regions: ReadonlySet<string>;
}

/** Prepares a situation for comparisons. */
export function prepared(situation: Situation): Prepared {
  return {
    situation,
    dag: dagFeatures(situation.dag),
    nodes: new Map(situation.nodes.map((n) => [n.name, n])),
    regions: new Set(situation.nodes.map((n) => n.region)),
  };
}

/**
 * Composite similarity ("Real-time prompting via TopoRAG"): DAG edit distance, placement overlap and the cosine of the query
 * vectors (below 0 counts as 0), weighted.
 */
export function composite(
  query: Prepared,
  trace: Trace,
  cosine: number,
  weights: CompositeWeights,
): Composite {
  const match = matchDags(query.dag, dagFeatures(trace.dag));
  const placement = placementOverlap(query, trace, match);
  const vector = Math.max(0, cosine);
  const similarity = weights.dag * match.similarity + weights.placement * placement + weights.vector * vector;
  return { similarity, dag: match.similarity, placement, vector, match };
}

/** Room that a region offers in place of a machine that is gone. */
const REGION_ONLY = 0.5;

/**
 * Share of the trace's replicas, weighted by their processor demand, that could go where they went: 1 for a machine that is there
 * and has room, less as it lacks room, half where only its region is there. When the application runs already, the mean of that
 * and of the share of its matched services that are where the trace put them.
 */
export function placementOverlap(query: Prepared, trace: Trace, match: Match): number {
  const demand = new Map(trace.dag.services.map((s) => [s.name, Math.max(1, s.cpuMilli)]));
  const regionOf = new Map(trace.map.nodes.map((n) => [n.name, n.region]));
  let sum = 0;
  let total = 0;
  for (const p of trace.map.placements) {
    const weight = demand.get(p.service) ?? 1;
    total += weight;
    const node = query.nodes.get(p.node);
    if (node !== undefined) {
      const room = Math.max(0, node.cpuMilli * (1 - node.utilisationPpm / 1e6));
      sum += weight * Math.min(1, room / weight);
    } else if (query.regions.has(regionOf.get(p.node) ?? '')) {
      sum += REGION_ONLY * weight;
    }
  }
  const possible = total === 0 ? 0 : sum / total;
  const { placed } = query.situation;
  if (placed === undefined || placed.size === 0) return possible;
  const nodesOf = new Map<string, Set<string>>();
  for (const p of trace.map.placements) {
    const nodes = nodesOf.get(p.service) ?? new Set();
    nodesOf.set(p.service, nodes.add(p.node));
  }
  let stays = 0;
  for (const [service, node] of placed) {
    const j = match.mapped[query.dag.index.get(service) ?? -1] ?? -1;
    if (nodesOf.get(trace.dag.services[j]?.name ?? '')?.has(node) === true) stays++;
  }
  return (possible + stays / placed.size) / 2;
}
