import type { Fractions } from './fractions.ts';
import type { Instance } from './instance.ts';
import { queueWait } from './queueing.ts';

/**
 * What reaches each replica when calls are steered: flow fractions carried through the DAG, callers first. Replicas of an entry
 * service share the requests evenly, whatever the ingress region. Pairs are those of `Flow`. Keeps its arrays from one decision
 * to the next.
 */
export class Traffic {
  /** Share of its service's calls that each replica serves, by task; those of a service sum to 1. */
  readonly visits: Float64Array;
  /** Share of its edge's calls that a pair of replicas carries; those of an edge sum to 1. */
  readonly carried: Float64Array;
  /** Of the calls of an edge that reach a replica, the share that comes from the caller's replica of the pair. */
  readonly origin: Float64Array;
  /** Service time with the wait in the queue at the rate a replica really gets, by task, microseconds. */
  readonly serveAndWait: Float64Array;
  readonly #instance: Instance;
  readonly #firstPair: Int32Array;
  /** Calls of each service per request that enters. */
  readonly #perRequest: Float64Array;

  constructor(instance: Instance, firstPair: Int32Array) {
    const { services, edges, incoming, tasks } = instance;
    const pairs = firstPair[edges.length] ?? 0;
    this.#instance = instance;
    this.#firstPair = firstPair;
    this.visits = new Float64Array(tasks);
    this.carried = new Float64Array(pairs);
    this.origin = new Float64Array(pairs);
    this.serveAndWait = new Float64Array(tasks);
    this.#perRequest = new Float64Array(services.length);
    for (const [s, { entry }] of services.entries())
      this.#perRequest[s] = entry
        ? 1
        : (incoming[s] ?? []).reduce((sum, e) => {
            const edge = edges[e];
            return sum + (this.#perRequest[edge?.source ?? 0] ?? 0) * (edge?.calls ?? 0);
          }, 0);
  }

  /** Takes over the fractions of an assignment. */
  steer(assign: Int32Array, fractions: Fractions): this {
    const { services } = this.#instance;
    for (let s = 0; s < services.length; s++) {
      const service = services[s];
      if (service === undefined) continue;
      const { firstTask, replicas, rate, serve } = service;
      if (service.entry) this.visits.fill(1 / replicas, firstTask, firstTask + replicas);
      else this.#receive(s, fractions);
      for (let task = firstTask; task < firstTask + replicas; task++) {
        const micros = serve[assign[task] ?? 0] ?? 0;
        this.serveAndWait[task] = micros + queueWait(rate * (this.visits[task] ?? 0), micros);
      }
    }
    return this;
  }

  /** Shares of the calls into a service. Its edges count by their calls; all alike when nothing is called. */
  #receive(s: number, fractions: Fractions): void {
    const { services, edges, incoming } = this.#instance;
    const into = incoming[s] ?? [];
    const { firstTask = 0, replicas = 1 } = services[s] ?? {};
    const total = this.#perRequest[s] ?? 0;
    this.visits.fill(0, firstTask, firstTask + replicas);
    for (const e of into) {
      const edge = edges[e];
      const source = services[edge?.source ?? 0];
      if (edge === undefined || source === undefined) continue;
      const weight =
        total > 0 ? ((this.#perRequest[edge.source] ?? 0) * edge.calls) / total : 1 / into.length;
      const first = this.#firstPair[e] ?? 0;
      for (let r = 0; r < replicas; r++) {
        let reached = 0;
        for (let i = 0; i < source.replicas; i++) {
          const pair = first + i * replicas + r;
          const share = (this.visits[source.firstTask + i] ?? 0) * (fractions[pair] ?? 0);
          this.carried[pair] = share;
          reached += share;
        }
        for (let i = 0; i < source.replicas; i++) {
          const pair = first + i * replicas + r;
          this.origin[pair] = reached === 0 ? 0 : (this.carried[pair] ?? 0) / reached;
        }
        this.visits[firstTask + r] = (this.visits[firstTask + r] ?? 0) + weight * reached;
      }
    }
  }
}
