import type { Edge, Instance } from './instance.ts';
import { kShortestPaths } from './kshortest.ts';
import { arcsOf, paretoLabels, quickest, transmission } from './paths.ts';
import type { Usable } from './paths.ts';

/** A part of the flow between two replicas: the arcs it takes and its share of the pair's flow. */
export interface Piece {
  readonly arcs: readonly number[];
  /** Share of the pair, 0..1; the pieces of a pair sum to 1. */
  readonly share: number;
}

/** The flow between replica `i` of the caller and replica `j` of the callee. */
export interface PairRoute {
  readonly edge: Edge;
  readonly from: number;
  readonly to: number;
  /** Bandwidth of the pair, bit/s. */
  readonly bps: number;
  /** Empty when no way has room for it. */
  readonly pieces: readonly Piece[];
}

/** Whole bit/s that a piece reserves; a millionth of slack keeps float noise from adding a bit. */
export const heldBy = (pair: PairRoute, piece: Piece): number => Math.ceil(pair.bps * piece.share - 1e-6);

/** How many alternatives are tried before a flow is split. */
const ALTERNATIVES = 4;
/** Times the pairs are routed anew with the reservations of all others in place. */
const ROUNDS = 2;

/** Bandwidth reserved per arc by pairs of this DAG, whole bit/s. */
class Load {
  readonly bps: Float64Array;
  readonly #free: Float64Array;
  constructor(free: Float64Array) {
    this.#free = free;
    this.bps = new Float64Array(free.length);
  }
  add(pair: PairRoute, sign: 1 | -1): void {
    for (const piece of pair.pieces) {
      const bps = heldBy(pair, piece);
      for (const arc of piece.arcs) this.bps[arc] = (this.bps[arc] ?? 0) + sign * bps;
    }
  }
  left(): Float64Array {
    return this.#free.map((free, arc) => free - (this.bps[arc] ?? 0));
  }
}

/** Pairs of replicas that talk, edges in order, caller-major. */
function pairsOf(instance: Instance, assign: Int32Array): Omit<PairRoute, 'pieces'>[] {
  return instance.edges.flatMap((edge) => {
    const source = instance.services[edge.source];
    const target = instance.services[edge.target];
    if (source === undefined || target === undefined) return [];
    const bps = edge.bps / (source.replicas * target.replicas);
    return Array.from({ length: source.replicas * target.replicas }, (_, k) => ({
      edge,
      from: assign[source.firstTask + Math.floor(k / target.replicas)] ?? 0,
      to: assign[target.firstTask + (k % target.replicas)] ?? 0,
      bps,
    }));
  });
}

/** One path with the whole bandwidth when there is one, else two that share it in proportion to their room, else nothing. */
function route(usable: Usable, pair: Omit<PairRoute, 'pieces'>): readonly Piece[] {
  if (pair.from === pair.to) return [{ arcs: [], share: 1 }];
  const labels = paretoLabels(usable, pair.from)[pair.to] ?? [];
  const single = quickest(labels, pair.edge.payloadBytes, pair.bps);
  if (single !== undefined) return [{ arcs: arcsOf(single), share: 1 }];
  const paths = kShortestPaths(usable, pair.from, pair.to, ALTERNATIVES, pair.edge.payloadBytes, 1);
  for (const [a, first] of paths.entries()) {
    for (const second of paths.slice(a + 1)) {
      const shared = first.arcs.some((arc) => second.arcs.includes(arc));
      const room = Math.floor(first.bandwidth) + Math.floor(second.bandwidth);
      if (shared || room < pair.bps) continue;
      // The quicker path takes all it can.
      const share = Math.min(1, Math.floor((first.bandwidth * 1e6) / pair.bps) / 1e6);
      if ((1 - share) * pair.bps > second.bandwidth) continue;
      return [
        { arcs: first.arcs, share },
        { arcs: second.arcs, share: 1 - share },
      ];
    }
  }
  return [];
}

/**
 * Routes every pair over the bandwidth that others leave, wide flows first, then once more each with all others in place
 * (so the order matters little). A pair without pieces has no feasible way.
 */
export function routesOf(instance: Instance, assign: Int32Array): PairRoute[] {
  const { usable } = instance;
  const pairs = pairsOf(instance, assign);
  const load = new Load(usable.free);
  const routed = new Map<number, PairRoute>();
  const order = pairs
    .map((_, i) => i)
    .toSorted((a, b) => (pairs[b]?.bps ?? 0) - (pairs[a]?.bps ?? 0) || a - b);
  const contended = pairs.some((pair) => pair.bps > 0);
  for (let round = 0; round < (contended ? ROUNDS : 1); round++) {
    for (const i of order) {
      const pair = pairs[i];
      if (pair === undefined) continue;
      const before = routed.get(i);
      if (before !== undefined) load.add(before, -1);
      const seen = contended ? { ...usable, free: load.left() } : usable;
      const label = contended
        ? undefined
        : instance.paths.path(pair.from, pair.to, pair.edge.payloadBytes, 0);
      const pieces = label === undefined ? route(seen, pair) : [{ arcs: arcsOf(label), share: 1 }];
      const after = { ...pair, pieces };
      load.add(after, 1);
      routed.set(i, after);
    }
  }
  return pairs.flatMap((_, i) => routed.get(i) ?? []);
}

/**
 * Transfer time of each piece of each pair: link latencies + payload over the least bandwidth that all *other* edges leave
 * (other DAGs and other edges of this one).
 */
export function pieceTimes(instance: Instance, routes: readonly PairRoute[]): number[][] {
  const { usable, edges } = instance;
  const load = new Load(usable.free);
  for (const pair of routes) load.add(pair, 1);
  const times: number[][] = [];
  let own = new Map<number, number>();
  let edge = -1;
  for (const pair of routes) {
    if (pair.edge.index !== edge) {
      edge = pair.edge.index;
      own = new Map();
      const mine = edges[edge]?.bps === 0 ? [] : routes.filter((r) => r.edge.index === edge);
      for (const other of mine) {
        for (const piece of other.pieces) {
          const bps = heldBy(other, piece);
          for (const arc of piece.arcs) own.set(arc, (own.get(arc) ?? 0) + bps);
        }
      }
    }
    times.push(
      pair.pieces.map(({ arcs }) => {
        let latency = 0;
        let width = Infinity;
        for (const arc of arcs) {
          latency += usable.graph.latency[arc] ?? 0;
          width = Math.min(width, (usable.free[arc] ?? 0) - (load.bps[arc] ?? 0) + (own.get(arc) ?? 0));
        }
        return latency + transmission(pair.edge.payloadBytes, width);
      }),
    );
  }
  return times;
}
