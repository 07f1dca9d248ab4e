import { Utilisation, qosHinges, utilityCost } from './cost.ts';
import type { Instance } from './instance.ts';
import { Flow } from './flow.ts';
import { transmission } from './paths.ts';
import type { TransferMatrix, Way } from './path-table.ts';

/** What a search minimises: the fixed objective J, or the predicted latency alone. */
export type Objective = 'utility' | 'latency';

/** A broken hard limit costs more than any soft term can. */
const HARD = 1e6;
/** Splitting a flow is the second choice: any single path that fits is taken first. */
const SPLIT = 1e3;

/**
 * Scores assignments of tasks (service replicas) to hosts, hundreds of thousands a second: the world model with the paths of
 * the path table. Keeps scratch arrays, so one evaluator serves one search at a time.
 */
export class Evaluator {
  readonly instance: Instance;
  readonly objective: Objective;
  readonly flow: Flow;
  readonly #matrices: readonly TransferMatrix[];
  readonly #utilisation: Utilisation;
  readonly #extra: Float64Array;
  readonly #touched: Int32Array;
  readonly #seen: Uint8Array;
  readonly #load: Float64Array;
  readonly #loaded: Int32Array;
  /** Bandwidth of one pair of each edge, bit/s. */
  readonly #bps: Float64Array;
  readonly #ways: Way[] = [];
  readonly #reserves: boolean;
  readonly #lossy: boolean;
  readonly #needsWays: boolean;

  constructor(instance: Instance, objective: Objective) {
    const { snapshot, edges, services } = instance;
    this.instance = instance;
    this.objective = objective;
    this.flow = new Flow(instance);
    this.#matrices = edges.map((edge) => {
      const pairs = (services[edge.source]?.replicas ?? 1) * (services[edge.target]?.replicas ?? 1);
      return instance.paths.matrix(edge.payloadBytes, edge.bps / pairs, edge.maxLatency);
    });
    this.#utilisation = new Utilisation(instance);
    this.#extra = new Float64Array(snapshot.hosts.length * snapshot.resources.length);
    this.#touched = new Int32Array(Math.max(1, instance.tasks));
    this.#seen = new Uint8Array(snapshot.hosts.length);
    this.#load = new Float64Array(snapshot.graph.head.length);
    this.#loaded = new Int32Array(snapshot.graph.head.length);
    this.#bps = Float64Array.from(edges, (edge) => {
      return edge.bps / ((services[edge.source]?.replicas ?? 1) * (services[edge.target]?.replicas ?? 1));
    });
    this.#reserves = edges.some((edge) => edge.bps > 0);
    this.#lossy = snapshot.graph.success.some((p) => p < 1);
    this.#needsWays = this.#reserves || this.#lossy || snapshot.graph.jitter.some((sigma) => sigma > 0);
  }

  /** Transfer times of an edge between hosts. */
  matrix(edge: number): TransferMatrix {
    const matrix = this.#matrices[edge];
    if (matrix === undefined) throw new RangeError(`no edge ${edge} in ${this.instance.key}`);
    return matrix;
  }

  /** The objective with penalties for broken hard limits; `assign[task]` is a host. Less is better. */
  value(assign: Int32Array): number {
    const { instance, flow } = this;
    const overflow = this.#occupy(assign);
    let hard = overflow + this.#transfers(assign);
    flow.walk(assign);
    const success = this.#lossy ? this.#success(assign) : flow.radioSuccess;
    const outcome = { latency: flow.latency, jitter: flow.jitter, sync: flow.sync, success };
    if (instance.qos.required) hard += qosHinges(instance, outcome);
    if (flow.latency === Infinity) return HARD * (1 + hard) * 10;
    const cost = this.objective === 'latency' ? flow.latency : utilityCost(instance, outcome, this.#cost);
    return cost + hard * HARD * (this.objective === 'latency' ? 1e3 : 1);
  }

  #cost = 0;

  /** Places the amounts, computes ω₂R + ω₃LB, returns by how much (as a share) hosts are over their room. */
  #occupy(assign: Int32Array): number {
    const { services, serviceOf, free, snapshot } = this.instance;
    const width = snapshot.resources.length;
    let count = 0;
    for (let t = 0; t < assign.length; t++) {
      const host = assign[t] ?? 0;
      if (this.#seen[host] === 0) {
        this.#seen[host] = 1;
        this.#touched[count++] = host;
      }
      const request = services[serviceOf[t] ?? 0]?.request;
      for (let r = 0; r < width; r++) {
        this.#extra[host * width + r] = (this.#extra[host * width + r] ?? 0) + (request?.[r] ?? 0);
      }
    }
    let overflow = 0;
    for (let i = 0; i < count; i++) {
      for (let r = 0; r < width; r++) {
        const at = (this.#touched[i] ?? 0) * width + r;
        const amount = this.#extra[at] ?? 0;
        const room = free[at] ?? 0;
        if (amount > room) overflow += amount / Math.max(room, 1) - 0.99;
      }
    }
    this.#cost = this.objective === 'utility' ? this.#utilisation.cost(this.#extra, this.#touched, count) : 0;
    for (let i = 0; i < count; i++) {
      const host = this.#touched[i] ?? 0;
      this.#seen[host] = 0;
      this.#extra.fill(0, host * width, (host + 1) * width);
    }
    return overflow;
  }

  /** Fills the transfer time of every pair of replicas; returns penalties for splits and overfull links. */
  #transfers(assign: Int32Array): number {
    const { edges, services, snapshot } = this.instance;
    const hosts = snapshot.hosts.length;
    const { time, variance } = this.flow;
    let penalty = 0;
    let pair = 0;
    for (let e = 0; e < edges.length; e++) {
      const edge = edges[e];
      const matrix = this.#matrices[e];
      const source = services[edge?.source ?? 0];
      const target = services[edge?.target ?? 0];
      if (matrix === undefined || source === undefined || target === undefined) continue;
      for (let i = 0; i < source.replicas; i++) {
        const row: number = (assign[source.firstTask + i] ?? 0) * hosts;
        for (let j = 0; j < target.replicas; j++) {
          const at = row + (assign[target.firstTask + j] ?? 0);
          time[pair] = matrix.time[at] ?? Infinity;
          if (matrix.split[at] === 1) penalty += SPLIT / HARD;
          if (this.#needsWays) {
            const way = matrix.way(at);
            this.#ways[pair] = way;
            variance[pair] = way.variance;
          }
          pair++;
        }
      }
    }
    return this.#reserves ? penalty + this.#contend() : penalty;
  }

  /** Reservations of this DAG's own edges slow each other down: exact times on the table's paths. Returns how far links are overfull. */
  #contend(): number {
    const { edges } = this.instance;
    const { firstPair, time } = this.flow;
    const load = this.#load;
    let loaded = 0;
    for (let e = 0; e < edges.length; e++) {
      const bps = this.#bps[e] ?? 0;
      if (bps === 0) continue;
      for (let pair = firstPair[e] ?? 0; pair < (firstPair[e + 1] ?? 0); pair++) {
        const arcs = this.#ways[pair]?.arcs;
        for (let k = 0; k < (arcs?.length ?? 0); k++) {
          const arc = arcs?.[k] ?? 0;
          if (load[arc] === 0) this.#loaded[loaded++] = arc;
          load[arc] = (load[arc] ?? 0) + bps;
        }
      }
    }
    const { free } = this.instance.usable;
    let overfull = 0;
    for (let i = 0; i < loaded; i++) {
      const arc = this.#loaded[i] ?? 0;
      const room = free[arc] ?? 0;
      const held = load[arc] ?? 0;
      if (held > room * (1 + 1e-9)) overfull += held / Math.max(room, 1) - 1 + 0.01;
    }
    for (let e = 0; e < edges.length; e++) {
      const bps = this.#bps[e] ?? 0;
      const payload = edges[e]?.payloadBytes ?? 0;
      const limit = edges[e]?.maxLatency ?? Infinity;
      for (let pair = firstPair[e] ?? 0; pair < (firstPair[e + 1] ?? 0); pair++) {
        const way = this.#ways[pair];
        if (way === undefined || way.arcs.length === 0) continue;
        let width = Infinity;
        for (let k = 0; k < way.arcs.length; k++) {
          const arc = way.arcs[k] ?? 0;
          width = Math.min(width, (free[arc] ?? 0) - (load[arc] ?? 0));
        }
        const exact = way.latency + transmission(payload, Math.max(width + bps, 1));
        if (exact > limit * (1 + 1e-9)) overfull += exact / Math.max(limit, 1) - 1 + 0.01;
        if (exact > (time[pair] ?? 0)) time[pair] = exact;
      }
    }
    for (let i = 0; i < loaded; i++) load[this.#loaded[i] ?? 0] = 0;
    return overfull;
  }

  /** Success probability with each crossing of a link counted; `judge` counts a shared link once. */
  #success(assign: Int32Array): number {
    let log = 0;
    for (let pair = 0; pair < this.flow.time.length; pair++) log += this.#ways[pair]?.logSuccess ?? 0;
    return Math.exp(log + this.flow.accessLogSuccess(assign)) * this.flow.radioSuccess;
  }
}
