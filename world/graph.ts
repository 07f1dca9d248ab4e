/** Adjacency of the infrastructure in compressed sparse rows: vertices are hosts first, then gateways, then waypoints. */
export interface Graph {
  /** Vertex names; index = vertex id. A gateway is named as its region. */
  readonly names: readonly string[];
  /** How many of the first vertices are hosts (machines that can run pods). */
  readonly hosts: number;
  /** Arcs leaving vertex v are `first[v] .. first[v + 1]`, sorted by head. */
  readonly first: Int32Array;
  readonly tail: Int32Array;
  readonly head: Int32Array;
  /** Latency of one arc in microseconds. */
  readonly latency: Float64Array;
  /** Jitter of one arc (standard deviation) in microseconds. */
  readonly jitter: Float64Array;
  /** Capacity of one arc in bit/s. */
  readonly bandwidth: Float64Array;
  /** Probability that the link delivers, 0..1. */
  readonly success: Float64Array;
  /** Both directions of a full-duplex link share one link id; a one-way link has its own. */
  readonly link: Int32Array;
  /** Slices each arc carries; undefined = all. */
  readonly slices: readonly (ReadonlySet<string> | undefined)[];
}

/** One direction of a link before it is packed. Units as in `Graph`. */
export interface Arc {
  readonly from: number;
  readonly to: number;
  readonly latency: number;
  readonly jitter: number;
  readonly bandwidth: number;
  readonly success: number;
  readonly link: number;
  readonly slices: ReadonlySet<string> | undefined;
}

/** Slices as one word, `*` for all: what tells parallel links apart. */
export const sliceKey = (slices: Iterable<string> | undefined): string =>
  slices === undefined ? '*' : [...slices].toSorted().join(',');

/** Packs arcs into CSR. The order of arcs is total (tail, head, latency, slices), whatever order they were written in. */
export function packGraph(names: readonly string[], hosts: number, arcs: readonly Arc[]): Graph {
  const sorted = arcs.toSorted(
    (a, b) =>
      a.from - b.from ||
      a.to - b.to ||
      a.latency - b.latency ||
      (sliceKey(a.slices) < sliceKey(b.slices) ? -1 : 1),
  );
  const first = new Int32Array(names.length + 1);
  for (const arc of sorted) first[arc.from + 1] = (first[arc.from + 1] ?? 0) + 1;
  for (let v = 0; v < names.length; v++) first[v + 1] = (first[v + 1] ?? 0) + (first[v] ?? 0);
  const floats = (read: (arc: Arc) => number): Float64Array => Float64Array.from(sorted, read);
  const ints = (read: (arc: Arc) => number): Int32Array => Int32Array.from(sorted, read);
  return {
    names,
    hosts,
    first,
    tail: ints((a) => a.from),
    head: ints((a) => a.to),
    latency: floats((a) => a.latency),
    jitter: floats((a) => a.jitter),
    bandwidth: floats((a) => a.bandwidth),
    success: floats((a) => a.success),
    link: ints((a) => a.link),
    slices: sorted.map((a) => a.slices),
  };
}

/** Vertex of each connected component (direction ignored), smallest vertex first: equal numbers are connected. */
export function components(graph: Graph): Int32Array {
  const root = Int32Array.from(graph.names, (_, v) => v);
  const find = (v: number): number => {
    let at = v;
    while (root[at] !== at) at = root[at] = root[root[at] ?? at] ?? at;
    return at;
  };
  for (let arc = 0; arc < graph.head.length; arc++) {
    const a = find(graph.tail[arc] ?? 0);
    const b = find(graph.head[arc] ?? 0);
    if (a !== b) root[Math.max(a, b)] = Math.min(a, b);
  }
  return root.map((_, v) => find(v));
}
