import type { Label, Usable } from './paths.ts';
import { arcsOf, paretoLabels, quickest, transmission } from './paths.ts';

/** Quickest paths between every two hosts, for one payload and one floor. */
export interface TransferMatrix {
  /** Microseconds, `from * hosts + to`; Infinity where no path is within the limit. */
  readonly time: Float64Array;
  /** 1 where no single path has the floor in time: the flow has to be split, `time` is that of the quickest without a floor. */
  readonly split: Uint8Array;
  /** No path and no part of a split is quicker: the quickest without a floor. */
  readonly least: Float64Array;
  /** The path from one host to another, cached; `at` is `from * hosts + to`. */
  readonly way: (at: number) => Way;
}

/** One quickest path. */
export interface Way {
  readonly arcs: Int32Array;
  /** Sum of link latencies, microseconds. */
  readonly latency: number;
  /** Sum of jitter variances, microseconds squared. */
  readonly variance: number;
}

/** Lazily computed quickest paths over the bandwidth that others left; one per instance. */
export class PathTable {
  readonly usable: Usable;
  readonly #labels = new Map<number, readonly (readonly Label[])[]>();
  readonly #matrices = new Map<string, TransferMatrix>();

  constructor(usable: Usable) {
    this.usable = usable;
  }

  /** Pareto-optimal ways from a vertex. */
  labels(source: number): readonly (readonly Label[])[] {
    const known = this.#labels.get(source);
    if (known !== undefined) return known;
    const labels = paretoLabels(this.usable, source);
    this.#labels.set(source, labels);
    return labels;
  }

  /** Quickest way for a payload among those with the floor; undefined when there is none. */
  path(from: number, to: number, bytes: number, floor: number): Label | undefined {
    return quickest(this.labels(from)[to] ?? [], bytes, floor);
  }

  /** Host-to-host transfer of `bytes` with at least `floor` bit/s and at most `limit` microseconds. */
  matrix(bytes: number, floor: number, limit: number): TransferMatrix {
    const key = `${bytes}|${floor}|${limit}`;
    const known = this.#matrices.get(key);
    if (known !== undefined) return known;
    const { hosts } = this.usable.graph;
    const time = new Float64Array(hosts * hosts).fill(Infinity);
    const split = new Uint8Array(hosts * hosts);
    const least = floor === 0 ? time : new Float64Array(hosts * hosts).fill(Infinity);
    for (let from = 0; from < hosts; from++) {
      const labels = this.labels(from);
      for (let to = 0; to < hosts; to++) {
        const at = from * hosts + to;
        if (from === to) {
          time[at] = 0;
          least[at] = 0;
          continue;
        }
        const ways = labels[to] ?? [];
        const soonest = timeOf(quickest(ways, bytes, 0), bytes);
        if (soonest === Infinity || !withinLimit(soonest, limit)) continue;
        least[at] = soonest;
        const wide = floor === 0 ? soonest : timeOf(quickest(ways, bytes, floor), bytes);
        split[at] = wide < Infinity && withinLimit(wide, limit) ? 0 : 1;
        time[at] = split[at] === 1 ? soonest : wide;
      }
    }
    const cache: (Way | undefined)[] = [];
    cache.length = hosts * hosts;
    const way = (at: number): Way => {
      const kept = cache[at];
      if (kept !== undefined) return kept;
      const label = this.path(Math.floor(at / hosts), at % hosts, bytes, split[at] === 1 ? 0 : floor);
      return (cache[at] = wayOf(this.usable, label));
    };
    const matrix = { time, split, least, way };
    this.#matrices.set(key, matrix);
    return matrix;
  }
}

/** A label's path with what it adds up to; no arcs without a label. */
export function wayOf({ graph }: Usable, label: Label | undefined): Way {
  const arcs = Int32Array.from(arcsOf(label));
  let variance = 0;
  for (const arc of arcs) variance += (graph.jitter[arc] ?? 0) ** 2;
  return { arcs, latency: label?.latency ?? 0, variance };
}

const timeOf = (label: Label | undefined, bytes: number): number =>
  label === undefined ? Infinity : label.latency + transmission(bytes, label.bandwidth);

/** Limits hold with equality; a billionth of slack keeps that true in floating point. */
export const withinLimit = (value: number, limit: number): boolean => value <= limit * (1 + 1e-9);
