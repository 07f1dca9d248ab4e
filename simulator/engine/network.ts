import { allowedArcs, paretoLabels, quickest } from '#world/paths.ts';
import type { Label } from '#world/paths.ts';
import { wayOf } from '#world/path-table.ts';
import type { Graph } from '#world/graph.ts';
import { drawAt, normal } from './random.ts';
import { Timetable } from './timetable.ts';

/** One way through the network, as transfers use it. Immutable. */
export interface Path {
  readonly arcs: Int32Array;
  /** Sum of link latencies, and the deviation of that sum, in microseconds. */
  readonly latency: number;
  readonly deviation: number;
  readonly lossy: boolean;
}

/**
 * Links that transfers share, and the quickest ways over those that are up: the world model's paths for the payload that the
 * spec names, at the links' full bandwidth. A transfer cuts through: its head goes on at once, so without load it takes
 * Σ latency + bits / least bandwidth; each link serves one transfer at a time.
 */
export class Network {
  /** Whether the transfer sent last gets lost on its way. */
  lost = false;
  readonly #graph: Graph;
  readonly #up: Uint8Array;
  readonly #tables: readonly Timetable[];
  readonly #labels = new Map<string, readonly (readonly Label[])[]>();
  readonly #paths = new Map<string, Path | undefined>();
  readonly #starts = new Float64Array(4096);
  readonly #seeds: { readonly loss: number; readonly jitter: number };

  constructor(graph: Graph, up: Uint8Array, seeds: { readonly loss: number; readonly jitter: number }) {
    this.#graph = graph;
    this.#up = up;
    this.#seeds = seeds;
    this.#tables = Array.from(graph.head, () => new Timetable());
  }

  /** Links came or went: every way is found anew. What is under way arrives as it was sent. */
  forget(): void {
    this.#labels.clear();
    this.#paths.clear();
  }

  /** Quickest way between two vertices for a payload in a slice; undefined when there is none now. */
  path(slice: string, from: number, to: number, bytes: number): Path | undefined {
    const key = `${from} ${to} ${bytes} ${slice}`;
    const known = this.#paths.get(key);
    if (known !== undefined || this.#paths.has(key)) return known;
    const found = this.#quickest(slice, from, to, bytes);
    this.#paths.set(key, found);
    return found;
  }

  /**
   * Sends `bits` whose head leaves at `at`; returns when the last bit has arrived. One that cannot be there by the deadline is
   * given up at once and takes no link's time: the answer is then Infinity. `request` and `call` name its draws.
   */
  send(
    path: Path,
    bits: number,
    now: number,
    at: number,
    deadline: number,
    request: number,
    call: number,
  ): number {
    const { arcs } = path;
    const { latency, bandwidth } = this.#graph;
    this.lost = false;
    let head = at;
    let end = at;
    for (let k = 0; k < arcs.length; k++) {
      const arc = arcs[k] ?? 0;
      const hop = latency[arc] ?? 0;
      let last = head;
      if (bits > 0) {
        const length = bits * (1e6 / (bandwidth[arc] ?? 1));
        head = this.#tables[arc]?.find(now, head, length) ?? head;
        this.#starts[k] = head;
        last = head + length;
      }
      // What a narrower link before holds back is still on its way when the head is here.
      end = (last > end ? last : end) + hop;
      head += hop;
    }
    if (path.deviation > 0) {
      const shift = normal(drawAt(this.#seeds.jitter, request, call)) * path.deviation;
      end += shift > -path.latency ? shift : -path.latency;
    }
    if (end > deadline) return Infinity;
    if (bits > 0) {
      for (let k = 0; k < arcs.length; k++) {
        const arc = arcs[k] ?? 0;
        const start = this.#starts[k] ?? 0;
        this.#tables[arc]?.take(start, start + bits * (1e6 / (bandwidth[arc] ?? 1)));
      }
    }
    if (path.lossy) this.#lose(arcs, request);
    return end;
  }

  /** Whether no link is taken after that moment, for tests. */
  idleAfter(now: number): boolean {
    return this.#tables.every((table) => table.taken.every(([, end]) => end <= now));
  }

  /** A link that fails a request fails it in both directions and however often it is crossed, as the world model counts it. */
  #lose(arcs: Int32Array, request: number): void {
    const { success, link } = this.#graph;
    for (let k = 0; k < arcs.length; k++) {
      const arc = arcs[k] ?? 0;
      const p = success[arc] ?? 1;
      if (p < 1 && drawAt(this.#seeds.loss, request, link[arc] ?? 0) >= p) this.lost = true;
    }
  }

  #quickest(slice: string, from: number, to: number, bytes: number): Path | undefined {
    const graph = this.#graph;
    const key = `${from} ${slice}`;
    const allowed = (): Uint8Array =>
      allowedArcs(graph, slice).map((carries, arc) => carries & (this.#up[arc] ?? 0));
    const labels =
      this.#labels.get(key) ?? paretoLabels({ graph, free: graph.bandwidth, allowed: allowed() }, from);
    this.#labels.set(key, labels);
    const label = quickest(labels[to] ?? [], bytes, 0);
    if (label === undefined) return undefined;
    const { arcs, latency, variance } = wayOf({ graph, free: graph.bandwidth, allowed: this.#up }, label);
    const lossy = arcs.some((arc) => (graph.success[arc] ?? 1) < 1);
    return { arcs, latency, deviation: Math.sqrt(variance), lossy };
  }
}
