import { Contention } from './contention.ts';
import { Utilisation, qosHinges, utilityCost } from './cost.ts';
import type { Instance } from './instance.ts';
import { Flow } from './flow.ts';
import { withinLimit } from './path-table.ts';
import type { TransferMatrix, Way } from './path-table.ts';
import { Success } from './success.ts';

/** What a search minimises: the fixed objective J, or the predicted latency alone. */
export type Objective = 'utility' | 'latency';

/** A broken hard limit costs more than any soft term can, per unit of the objective. */
const HARD = { utility: 1e6, latency: 1e9 } as const;
/** The way of calls that nobody makes. */
const NO_WAY: Way = { arcs: new Int32Array(), latency: 0, variance: 0 };
/** Splitting a flow is the second choice: any single path that fits is taken first. */
const SPLIT = { utility: 1e3, latency: 1e6 } as const;

/**
 * Scores assignments of tasks (service replicas) to hosts, hundreds of thousands a second: the world model with the paths of
 * the path table. Keeps scratch arrays, so one evaluator serves one search at a time.
 */
export class Evaluator {
  readonly instance: Instance;
  readonly objective: Objective;
  readonly flow: Flow;
  /** By how much the last assignment scored breaks hard limits, each as a share of its limit; 0 when it keeps them all. */
  broken = 0;
  readonly #matrices: readonly TransferMatrix[];
  readonly #utilisation: Utilisation;
  readonly #contention: Contention | undefined;
  readonly #success: Success | undefined;
  readonly #extra: Float64Array;
  readonly #touched: Int32Array;
  readonly #seen: Uint8Array;
  readonly #ways: Way[] = [];
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
    const reserves = edges.some((edge) => edge.bps > 0);
    this.#contention = reserves ? new Contention(instance, this.flow) : undefined;
    this.#success = snapshot.graph.success.some((p) => p < 1) ? new Success(instance) : undefined;
    this.#needsWays =
      reserves || this.#success !== undefined || snapshot.graph.jitter.some((sigma) => sigma > 0);
  }

  /** Transfer times of an edge between hosts. */
  matrix(edge: number): TransferMatrix {
    const matrix = this.#matrices[edge];
    if (matrix === undefined) throw new RangeError(`no edge ${edge} in ${this.instance.key}`);
    return matrix;
  }

  /** The objective with penalties for broken hard limits; `assign[task]` is a host, calls go as `flow.traffic` says. Less is better. */
  value(assign: Int32Array): number {
    const { instance, flow, objective } = this;
    let broken = this.#occupy(assign);
    const { splits, apart } = this.#transfers(assign);
    flow.enter(assign);
    broken += apart + (this.#contention?.apply(assign, this.#ways) ?? 0);
    flow.walk(assign);
    const outcome = {
      latency: flow.latency,
      jitter: flow.jitter,
      sync: flow.sync,
      success: this.#successOf(assign),
    };
    // Some users are not served: every hop that leads nowhere counts, so that a search sees which placement is nearer.
    if (flow.slowest === Infinity) {
      this.broken = broken + 1;
      return HARD[objective] * this.broken;
    }
    if (instance.qos.required) broken += qosHinges(instance, outcome);
    this.broken = broken;
    const cost = objective === 'latency' ? flow.latency : utilityCost(instance, outcome, this.#cost);
    const aside = broken > 0 ? 0 : this.aside();
    return cost + aside + broken * HARD[objective] + splits * SPLIT[objective];
  }

  /** What else a search wants of a placement that keeps every limit, read off `flow` after its walk; nothing by default. */
  protected aside(): number {
    return 0;
  }

  /**
   * A placement's objective when no flow is in another's way: its latency is never more than what exact routing gives.
   * Infinity when a hard limit is broken however it is routed.
   */
  bound(assign: Int32Array): number {
    const { instance, flow, objective } = this;
    if (this.#occupy(assign) > 0 || this.#transfers(assign, true).apart > 0) return Infinity;
    flow.enter(assign);
    flow.walk(assign);
    const { latency, jitter, sync } = flow;
    if (flow.slowest === Infinity) return Infinity;
    const { required, maxLatency } = instance.qos;
    if (!required && objective === 'latency') return latency;
    const outcome = { latency, jitter, sync, success: this.#successOf(assign) };
    if (required) {
      // Beside reservations a flow may take another path, which may vary less or fail less: only ℓ is sure to be no better.
      const certain =
        this.#contention === undefined
          ? qosHinges(instance, outcome) > 1e-9
          : !withinLimit(latency, maxLatency);
      if (certain) return Infinity;
    }
    return objective === 'latency' ? latency : utilityCost(instance, outcome, this.#cost);
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
        if (amount > 0 && amount > room) overflow += amount / Math.max(room, 1) - 0.99;
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

  readonly #counted = { splits: 0, apart: 0 };

  /** Fills the transfer time of every pair of replicas (or the least it can be); counts pairs that need a split, and pairs that nothing connects in time. */
  #transfers(assign: Int32Array, least = false): { readonly splits: number; readonly apart: number } {
    const { edges, services, snapshot } = this.instance;
    const hosts = snapshot.hosts.length;
    const { time, variance, traffic } = this.flow;
    this.#counted.splits = 0;
    this.#counted.apart = 0;
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
          if (traffic?.carried[pair] === 0) {
            // Nothing is carried: whatever lies between the two takes no time, no room and no luck.
            time[pair] = 0;
            variance[pair] = 0;
            if (this.#needsWays) this.#ways[pair] = NO_WAY;
            pair++;
            continue;
          }
          const micros = (least ? matrix.least : matrix.time)[at] ?? Infinity;
          time[pair] = micros;
          if (micros === Infinity) this.#counted.apart++;
          if (matrix.split[at] === 1) this.#counted.splits++;
          if (this.#needsWays) {
            const way = matrix.way(at);
            this.#ways[pair] = way;
            variance[pair] = way.variance;
          }
          pair++;
        }
      }
    }
    return this.#counted;
  }

  #successOf(assign: Int32Array): number {
    const { services, ingress, access } = this.instance;
    const success = this.#success;
    if (success === undefined)
      return ingress.reduce((sum, i) => sum + i.weight * i.radioSuccess, ingress.length === 0 ? 1 : 0);
    success.begin();
    for (const way of this.#ways) success.call(way.arcs);
    return success.of((g) =>
      services.flatMap((service) =>
        service.entry
          ? Array.from(
              { length: service.replicas },
              (_, r) => access.way(g, assign[service.firstTask + r] ?? 0).arcs,
            )
          : [],
      ),
    );
  }
}
