import type { Graph } from './graph.ts';

/** A way from a source to a vertex that no other way beats in both latency and bandwidth. */
export interface Label {
  readonly vertex: number;
  /** Sum of link latencies in microseconds. */
  readonly latency: number;
  /** Least free bandwidth along the way in bit/s (Infinity at the source). */
  readonly bandwidth: number;
  readonly hops: number;
  /** Arc that enters `vertex`; -1 at the source. */
  readonly arc: number;
  readonly parent: Label | undefined;
}

const earlier = (a: Label, b: Label): boolean => {
  if (a.latency !== b.latency) return a.latency < b.latency;
  if (a.bandwidth !== b.bandwidth) return a.bandwidth > b.bandwidth;
  if (a.hops !== b.hops) return a.hops < b.hops;
  return a.vertex !== b.vertex ? a.vertex < b.vertex : a.arc < b.arc;
};

function push(heap: Label[], label: Label): void {
  let at = heap.length;
  heap.push(label);
  while (at > 0) {
    const up = (at - 1) >> 1;
    const above = heap[up];
    if (above === undefined || !earlier(label, above)) break;
    heap[at] = above;
    at = up;
  }
  heap[at] = label;
}

function pop(heap: Label[]): Label | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || heap.length === 0) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    const left = heap[child];
    if (left === undefined) break;
    const right = heap[child + 1];
    if (right !== undefined && earlier(right, left)) child++;
    const least = heap[child];
    if (least === undefined || !earlier(least, last)) break;
    heap[at] = least;
    at = child;
  }
  heap[at] = last;
  return top;
}

/** What may be used of the graph: arcs that carry the slice, with the bandwidth that is still free on each. */
export interface Usable {
  readonly graph: Graph;
  /** Free bandwidth per arc in bit/s. A full arc (0) carries only what needs none; one below 0 carries nothing. */
  readonly free: Float64Array;
  /** 1 where the arc carries the slice. */
  readonly allowed: Uint8Array;
}

/** Arcs that carry `slice`, 1 or 0. */
export function allowedArcs(graph: Graph, slice: string): Uint8Array {
  return Uint8Array.from(graph.slices, (slices) => (slices === undefined || slices.has(slice) ? 1 : 0));
}

/**
 * All Pareto-optimal (latency, bandwidth) ways from `source` to every vertex: the quickest path for any payload
 * and any bandwidth floor is among them (Martins' label setting with two criteria). Labels of a vertex come in order of latency.
 */
export function paretoLabels(usable: Usable, source: number): readonly (readonly Label[])[] {
  const { graph, free, allowed } = usable;
  const labels: Label[][] = graph.names.map(() => []);
  const widest = new Float64Array(graph.names.length).fill(-1);
  const heap: Label[] = [];
  push(heap, { vertex: source, latency: 0, bandwidth: Infinity, hops: 0, arc: -1, parent: undefined });
  for (let label = pop(heap); label !== undefined; label = pop(heap)) {
    const v = label.vertex;
    if (label.bandwidth <= (widest[v] ?? 0)) continue;
    widest[v] = label.bandwidth;
    labels[v]?.push(label);
    const end = graph.first[v + 1] ?? 0;
    for (let arc = graph.first[v] ?? 0; arc < end; arc++) {
      if (allowed[arc] === 0) continue;
      const bandwidth = Math.min(label.bandwidth, free[arc] ?? 0);
      const vertex = graph.head[arc] ?? 0;
      if (bandwidth < 0 || bandwidth <= (widest[vertex] ?? 0)) continue;
      const latency = label.latency + (graph.latency[arc] ?? 0);
      push(heap, { vertex, latency, bandwidth, hops: label.hops + 1, arc, parent: label });
    }
  }
  return labels;
}

/** Time to send `bytes` at `bandwidth` bit/s, in microseconds; 0 bytes take no time. */
export const transmission = (bytes: number, bandwidth: number): number =>
  bytes === 0 ? 0 : (bytes * 8e6) / bandwidth;

/**
 * The label that moves `bytes` soonest among those with at least `floor` bit/s; undefined when there is none. `cap`: the
 * bandwidth of what comes before it.
 */
export function quickest(
  labels: readonly Label[],
  bytes: number,
  floor: number,
  cap = Infinity,
): Label | undefined {
  let best: Label | undefined;
  let least = Infinity;
  for (const label of labels) {
    if (label.bandwidth < floor) continue;
    const time = label.latency + transmission(bytes, Math.min(label.bandwidth, cap));
    if (time < least) {
      least = time;
      best = label;
    }
  }
  return best;
}

/** Arcs of a label from its source on. */
export function arcsOf(label: Label | undefined): number[] {
  const arcs: number[] = [];
  for (let at = label; at !== undefined && at.arc >= 0; at = at.parent) arcs.push(at.arc);
  return arcs.reverse();
}
