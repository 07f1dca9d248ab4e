import { arcsOf, paretoLabels, quickest, transmission } from './paths.ts';
import type { Usable } from './paths.ts';

/** A loopless path with what it costs to send one payload over it. */
export interface Path {
  readonly arcs: readonly number[];
  /** Link latencies + transmission of the payload, microseconds. */
  readonly latency: number;
  /** Least free bandwidth, bit/s. */
  readonly bandwidth: number;
}

const key = (arcs: readonly number[]): string => arcs.join(',');

/** Time of a payload over a path and the path's least free bandwidth. */
export function measure(usable: Usable, arcs: readonly number[], bytes: number): Path {
  let latency = 0;
  let bandwidth = Infinity;
  for (const arc of arcs) {
    latency += usable.graph.latency[arc] ?? 0;
    bandwidth = Math.min(bandwidth, usable.free[arc] ?? 0);
  }
  return { arcs, latency: latency + transmission(bytes, bandwidth), bandwidth };
}

/**
 * The `k` quickest loopless paths from `source` to `target` for a payload of `bytes`, each with at least `floor` bit/s free,
 * in order of time (Yen 1971; the spur searches use the exact two-criteria labels). Fewer when there are fewer.
 */
export function kShortestPaths(
  usable: Usable,
  source: number,
  target: number,
  k: number,
  bytes: number,
  floor: number,
): Path[] {
  const { graph } = usable;
  // The start of a path bounds what its end can use of its bandwidth, so the end is chosen under that bound.
  const search = (from: number, banned: Uint8Array, cap: number): readonly number[] | undefined => {
    const labels = paretoLabels({ ...usable, allowed: banned }, from)[target] ?? [];
    const label = quickest(labels, bytes, floor, cap);
    return label === undefined ? undefined : arcsOf(label);
  };
  const start = search(source, usable.allowed, Infinity);
  if (start === undefined) return [];
  const found: Path[] = [measure(usable, start, bytes)];
  const candidates = new Map<string, Path>();
  while (found.length < k) {
    const previous = found.at(-1)?.arcs ?? [];
    for (let spur = 0; spur < previous.length; spur++) {
      const root = previous.slice(0, spur);
      const banned = usable.allowed.slice();
      for (const path of found) {
        const next = path.arcs[spur];
        if (next !== undefined && key(path.arcs.slice(0, spur)) === key(root)) banned[next] = 0;
      }
      const visited = new Set([source, ...root.map((arc) => graph.head[arc] ?? -1)]);
      const from = spur === 0 ? source : (graph.head[root.at(-1) ?? 0] ?? source);
      visited.delete(from);
      for (let arc = 0; arc < graph.head.length; arc++)
        if (visited.has(graph.head[arc] ?? -1)) banned[arc] = 0;
      const cap = root.reduce((least, arc) => Math.min(least, usable.free[arc] ?? 0), Infinity);
      const rest = search(from, banned, cap);
      if (rest === undefined) continue;
      const arcs = [...root, ...rest];
      candidates.set(key(arcs), measure(usable, arcs, bytes));
    }
    for (const path of found) candidates.delete(key(path.arcs));
    const next = [...candidates.entries()].toSorted(
      ([ka, a], [kb, b]) => a.latency - b.latency || a.arcs.length - b.arcs.length || (ka < kb ? -1 : 1),
    )[0]?.[1];
    if (next === undefined) break;
    found.push(next);
  }
  return found.toSorted((a, b) => a.latency - b.latency || a.arcs.length - b.arcs.length);
}
