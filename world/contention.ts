import type { Flow } from './flow.ts';
import type { Instance } from './instance.ts';
import type { Way } from './path-table.ts';
import { withinLimit } from './path-table.ts';
import { transmission } from './paths.ts';

/**
 * Reservations of one DAG's own edges slow each other and its users' way in: exact times on the paths of the path table.
 * Scratch arrays of one evaluator.
 */
export class Contention {
  readonly #instance: Instance;
  readonly #flow: Flow;
  /** Bandwidth of one pair of each edge when its calls are spread evenly, bit/s. */
  readonly #bps: Float64Array;
  readonly #load: Float64Array;
  readonly #loaded: Int32Array;

  constructor(instance: Instance, flow: Flow) {
    const { edges, services, snapshot } = instance;
    this.#instance = instance;
    this.#flow = flow;
    this.#bps = Float64Array.from(edges, (edge) => {
      return edge.bps / ((services[edge.source]?.replicas ?? 1) * (services[edge.target]?.replicas ?? 1));
    });
    this.#load = new Float64Array(snapshot.graph.head.length);
    this.#loaded = new Int32Array(snapshot.graph.head.length);
  }

  /**
   * Raises the times in `flow` (pairs on `ways`, entries on the access table's ways) to what they are beside each other.
   * Returns by how much, as shares, links are overfull and edges over their limit.
   */
  apply(assign: Int32Array, ways: readonly Way[]): number {
    const load = this.#load;
    const loaded = this.#reserve(ways);
    let broken = this.#overfull(loaded);
    if (loaded > 0) {
      broken += this.#transfers(ways);
      this.#entries(assign);
    }
    for (let i = 0; i < loaded; i++) load[this.#loaded[i] ?? 0] = 0;
    return broken;
  }

  /** Adds every pair's bandwidth to its arcs; how many arcs have some. */
  #reserve(ways: readonly Way[]): number {
    const { firstPair } = this.#flow;
    const load = this.#load;
    let loaded = 0;
    for (let e = 0; e < this.#bps.length; e++) {
      if (this.#bps[e] === 0) continue;
      for (let pair = firstPair[e] ?? 0; pair < (firstPair[e + 1] ?? 0); pair++) {
        const bps = this.#bpsOf(e, pair);
        if (bps === 0) continue;
        const arcs = ways[pair]?.arcs;
        for (let k = 0; k < (arcs?.length ?? 0); k++) {
          const arc = arcs?.[k] ?? 0;
          if (load[arc] === 0) this.#loaded[loaded++] = arc;
          load[arc] = (load[arc] ?? 0) + bps;
        }
      }
    }
    return loaded;
  }

  #overfull(loaded: number): number {
    const { free } = this.#instance.usable;
    let overfull = 0;
    for (let i = 0; i < loaded; i++) {
      const arc = this.#loaded[i] ?? 0;
      const room = free[arc] ?? 0;
      const held = this.#load[arc] ?? 0;
      if (held > room * (1 + 1e-9)) overfull += held / Math.max(room, 1) - 1 + 0.01;
    }
    return overfull;
  }

  #transfers(ways: readonly Way[]): number {
    const { edges } = this.#instance;
    const { firstPair, time } = this.#flow;
    let broken = 0;
    for (let e = 0; e < edges.length; e++) {
      const payload = edges[e]?.payloadBytes ?? 0;
      if (payload === 0) continue;
      const limit = edges[e]?.maxLatency ?? Infinity;
      const first = firstPair[e] ?? 0;
      const end = firstPair[e + 1] ?? 0;
      // What an edge reserves is there for its own transfers, all its pairs together.
      this.#shift(ways, e, -1);
      for (let pair = first; pair < end; pair++) {
        const way = ways[pair];
        if (way === undefined || way.arcs.length === 0) continue;
        const exact = way.latency + transmission(payload, this.#width(way));
        if (!withinLimit(exact, limit)) broken += exact / Math.max(limit, 1) - 1 + 0.01;
        if (exact > (time[pair] ?? 0)) time[pair] = exact;
      }
      this.#shift(ways, e, 1);
    }
    return broken;
  }

  /** What a pair of an edge reserves, bit/s. */
  #bpsOf(e: number, pair: number): number {
    const { traffic } = this.#flow;
    if (traffic === undefined) return this.#bps[e] ?? 0;
    return (this.#instance.edges[e]?.bps ?? 0) * (traffic.carried[pair] ?? 0);
  }

  #shift(ways: readonly Way[], e: number, sign: 1 | -1): void {
    if (this.#bps[e] === 0) return;
    const { firstPair } = this.#flow;
    for (let pair = firstPair[e] ?? 0; pair < (firstPair[e + 1] ?? 0); pair++) {
      const bps = sign * this.#bpsOf(e, pair);
      const arcs = ways[pair]?.arcs;
      for (let k = 0; k < (arcs?.length ?? 0); k++) {
        const arc = arcs?.[k] ?? 0;
        this.#load[arc] = (this.#load[arc] ?? 0) + bps;
      }
    }
  }

  /** Least bandwidth that is left on a way; at least one bit/s, so that a full one is slow and not backwards. */
  #width(way: Way): number {
    const { free } = this.#instance.usable;
    let width = Infinity;
    for (let k = 0; k < way.arcs.length; k++) {
      const arc = way.arcs[k] ?? 0;
      width = Math.min(width, (free[arc] ?? 0) - (this.#load[arc] ?? 0));
    }
    return Math.max(width, 1);
  }

  #entries(assign: Int32Array): void {
    const { ingress, services, access, tasks } = this.#instance;
    const { entry } = this.#flow;
    for (let g = 0; g < ingress.length; g++) {
      const { payloadBytes = 0, radio = 0 } = ingress[g] ?? {};
      if (payloadBytes === 0) continue;
      for (const service of services) {
        if (!service.entry) continue;
        for (let task = service.firstTask; task < service.firstTask + service.replicas; task++) {
          const way = access.way(g, assign[task] ?? 0);
          if (way.arcs.length === 0) continue;
          const exact = radio + way.latency + transmission(payloadBytes, this.#width(way));
          if (exact > (entry[g * tasks + task] ?? 0)) entry[g * tasks + task] = exact;
        }
      }
    }
  }
}
