import type { Edge, Instance } from './instance.ts';
import { withinLimit } from './path-table.ts';
import { arcsOf, paretoLabels, quickest, transmission } from './paths.ts';
import type { Usable } from './paths.ts';
import { split } from './split.ts';
import type { Piece } from './split.ts';
import type { Traffic } from './traffic.ts';
import { wholeParts } from './whole-parts.ts';

/** The flow between replica `i` of the caller and replica `j` of the callee. */
export interface PairRoute {
  readonly edge: Edge;
  readonly from: number;
  readonly to: number;
  /** Part of the edge's calls; the pairs of an edge sum to 1. A pair with 0 carries nothing and needs no way. */
  readonly share: number;
  /** Whole bit/s; the pairs of an edge sum to what the edge reserves. */
  readonly bps: number;
  /** One, or two when no single path has the bandwidth; empty when no way has room or nothing is carried. Their shares and their bit/s sum to the pair's. */
  readonly pieces: readonly Piece[];
}

type Pair = Omit<PairRoute, 'pieces'>;

/** Times the pairs are routed anew with the reservations of all others in place. */
const ROUNDS = 2;
/** Times that routing starts over with the pairs first for which no room was left. */
const ATTEMPTS = 3;

/** Bandwidth reserved per arc by pairs of this DAG, whole bit/s. */
class Load {
  readonly bps: Float64Array;
  readonly #free: Float64Array;
  constructor(free: Float64Array) {
    this.#free = free;
    this.bps = new Float64Array(free.length);
  }
  add(pieces: readonly Piece[], sign: 1 | -1): void {
    for (const { arcs, bps } of pieces) {
      for (const arc of arcs) this.bps[arc] = (this.bps[arc] ?? 0) + sign * bps;
    }
  }
  left(): Float64Array {
    return this.#free.map((free, arc) => free - (this.bps[arc] ?? 0));
  }
}

/** Pairs of replicas that talk, edges in order, caller-major. */
function pairsOf(instance: Instance, assign: Int32Array, { carried }: Partial<Traffic> = {}): Pair[] {
  let first = 0;
  return instance.edges.flatMap((edge) => {
    const source = instance.services[edge.source];
    const target = instance.services[edge.target];
    if (source === undefined || target === undefined) return [];
    const count = source.replicas * target.replicas;
    const shares = carried?.subarray(first, first + count);
    const bps = shares === undefined ? undefined : wholeParts([...shares], edge.bps);
    first += count;
    return Array.from({ length: count }, (_, k) => ({
      edge,
      from: assign[source.firstTask + Math.floor(k / target.replicas)] ?? 0,
      to: assign[target.firstTask + (k % target.replicas)] ?? 0,
      share: shares === undefined ? 1 / count : (shares[k] ?? 0),
      bps: bps?.[k] ?? Math.floor((edge.bps * (k + 1)) / count) - Math.floor((edge.bps * k) / count),
    }));
  });
}

/** The quickest path with the whole bandwidth, within the edge's limit; else two that share it; else one over the limit; else nothing. */
function route(usable: Usable, { edge, from, to, bps }: Pair): readonly Piece[] {
  if (from === to) return [{ arcs: [], share: 1, bps }];
  const label = quickest(paretoLabels(usable, from)[to] ?? [], edge.payloadBytes, bps);
  const single = label === undefined ? [] : [{ arcs: arcsOf(label), share: 1, bps }];
  const time =
    label === undefined ? Infinity : label.latency + transmission(edge.payloadBytes, label.bandwidth);
  if ((label !== undefined && withinLimit(time, edge.maxLatency)) || bps < 2) return single;
  return split(usable, from, to, bps, edge.payloadBytes, edge.maxLatency) ?? single;
}

/** Every pair on its quickest path as if it were alone; undefined where those do not fit beside each other. */
function routeAlone({ paths, usable }: Instance, pairs: readonly Pair[]): PairRoute[] | undefined {
  const load = new Load(usable.free);
  const routed = pairs.map((pair): PairRoute => {
    if (pair.share === 0) return { ...pair, pieces: [] };
    const label = paths.path(pair.from, pair.to, pair.edge.payloadBytes, pair.bps);
    const pieces = label === undefined ? [] : [{ arcs: arcsOf(label), share: 1, bps: pair.bps }];
    load.add(pieces, 1);
    return { ...pair, pieces };
  });
  const fits = usable.free.every((free, arc) => load.bps[arc] === 0 || (load.bps[arc] ?? 0) <= free);
  return fits ? routed : undefined;
}

/** Whether calls of a pair have no way. */
export const isStranded = ({ share, pieces }: PairRoute): boolean => share > 0 && pieces.length === 0;

/** Pairs that have no way, or one that takes longer than their edge may. */
function failedOf(instance: Instance, routed: readonly PairRoute[]): Set<number> {
  const times = pieceTimes(instance, routed);
  return new Set(
    routed.flatMap((pair, i) =>
      isStranded(pair) || times[i]?.some((time) => !withinLimit(time, pair.edge.maxLatency)) === true
        ? [i]
        : [],
    ),
  );
}

/** Routes in an order of pairs, then once more each with all others in place (so the order matters little). */
function routeInOrder(instance: Instance, pairs: readonly Pair[], order: readonly number[]): PairRoute[] {
  const { usable } = instance;
  const load = new Load(usable.free);
  const pieces: (readonly Piece[])[] = pairs.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const i of order) {
      const pair = pairs[i];
      if (pair === undefined || pair.share === 0) continue;
      load.add(pieces[i] ?? [], -1);
      const found = route({ ...usable, free: load.left() }, pair);
      load.add(found, 1);
      pieces[i] = found;
    }
  }
  return pairs.map((pair, i) => ({ ...pair, pieces: pieces[i] ?? [] }));
}

/**
 * Routes every pair that carries calls over the bandwidth that others leave, wide flows first; when some find no room, once more with those first.
 * A pair that carries calls and has no pieces has no way that was found.
 */
export function routesOf(instance: Instance, assign: Int32Array, traffic?: Traffic): PairRoute[] {
  const { paths } = instance;
  const pairs = pairsOf(instance, assign, traffic);
  if (pairs.every((pair) => pair.bps === 0)) {
    // Nothing is reserved: no flow is in another's way.
    return pairs.map((pair) => {
      if (pair.share === 0) return { ...pair, pieces: [] };
      const label = paths.path(pair.from, pair.to, pair.edge.payloadBytes, 0);
      return { ...pair, pieces: label === undefined ? [] : [{ arcs: arcsOf(label), share: 1, bps: 0 }] };
    });
  }
  let order = pairs.map((_, i) => i).toSorted((a, b) => (pairs[b]?.bps ?? 0) - (pairs[a]?.bps ?? 0) || a - b);
  let best: PairRoute[] = [];
  let fewest = Infinity;
  for (let attempt = 0; attempt < ATTEMPTS && fewest > 0; attempt++) {
    const routed = routeInOrder(instance, pairs, order);
    const failed = failedOf(instance, routed);
    if (failed.size < fewest) {
      fewest = failed.size;
      best = routed;
    }
    order = [...order.filter((i) => failed.has(i)), ...order.filter((i) => !failed.has(i))];
  }
  const alone = fewest > 0 ? routeAlone(instance, pairs) : undefined;
  return alone !== undefined && failedOf(instance, alone).size < fewest ? alone : best;
}

/**
 * Transfer time of each piece of each pair: link latencies + payload over the least bandwidth that all *other* edges leave
 * (other DAGs and other edges of this one).
 */
export function pieceTimes(instance: Instance, routes: readonly PairRoute[]): number[][] {
  const { usable } = instance;
  const load = new Load(usable.free);
  for (const { pieces } of routes) load.add(pieces, 1);
  const byEdge = instance.edges.map((): PairRoute[] => []);
  for (const pair of routes) byEdge[pair.edge.index]?.push(pair);
  return byEdge.flatMap((pairs) => {
    for (const { pieces } of pairs) load.add(pieces, -1);
    const times = pairs.map(({ edge, pieces }) =>
      pieces.map(({ arcs }) => timeOver(usable, load, arcs, edge.payloadBytes)),
    );
    for (const { pieces } of pairs) load.add(pieces, 1);
    return times;
  });
}

function timeOver({ graph, free }: Usable, load: Load, arcs: readonly number[], bytes: number): number {
  let latency = 0;
  let width = Infinity;
  for (const arc of arcs) {
    latency += graph.latency[arc] ?? 0;
    width = Math.min(width, (free[arc] ?? 0) - (load.bps[arc] ?? 0));
  }
  return latency + transmission(bytes, width);
}

/** Bandwidth per arc that other DAGs and all these routes leave, bit/s. */
export function leftBy(instance: Instance, routes: readonly PairRoute[]): Float64Array {
  const load = new Load(instance.usable.free);
  for (const { pieces } of routes) load.add(pieces, 1);
  return load.left();
}
