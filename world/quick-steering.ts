import { weighted } from './flow.ts';
import { firstPairs, HEADROOM } from './fractions.ts';
import type { Fractions } from './fractions.ts';
import type { Instance } from './instance.ts';
import { marginalSojourn } from './queueing.ts';
import type { Service } from './service.ts';

/** Parts in which the calls of one replica are dealt out. */
const PARTS = 8;

/**
 * Flow fractions for a search, which asks thousands of times: as `Steering`, but replica by replica, in eighths, dealt out once, over
 * the transfer times that the search knows already and without a look at the room of links (what is overfull scores badly).
 * Keeps its arrays, the answer's included.
 */
export class QuickSteering {
  readonly #instance: Instance;
  readonly #firstPair: Int32Array;
  readonly #fractions: Fractions;
  /** By task: share of its service's calls, calls/s, service time, and the least time from its end to that of the request. */
  readonly #visits: Float64Array;
  readonly #rate: Float64Array;
  readonly #serve: Float64Array;
  readonly #tail: Float64Array;
  /** Of a join, by task: when its latest input arrives. */
  readonly #input: Float64Array;

  constructor(instance: Instance) {
    const { edges, tasks } = instance;
    this.#instance = instance;
    this.#firstPair = firstPairs(instance);
    this.#fractions = new Float64Array(this.#firstPair[edges.length] ?? 0);
    this.#visits = new Float64Array(tasks);
    this.#rate = new Float64Array(tasks);
    this.#serve = new Float64Array(tasks);
    this.#tail = new Float64Array(tasks);
    this.#input = new Float64Array(tasks);
  }

  /** Fractions for an assignment whose pairs of replicas take these times. Good until the next call. */
  fractions(assign: Int32Array, time: Float64Array): Fractions {
    const { services, serviceOf } = this.#instance;
    for (let task = 0; task < assign.length; task++)
      this.#serve[task] = services[serviceOf[task] ?? 0]?.serve[assign[task] ?? 0] ?? 0;
    for (let s = services.length - 1; s >= 0; s--) this.#look(s, time);
    this.#fractions.fill(0);
    for (let s = 0; s < services.length; s++) this.#fill(s, time);
    return this.#fractions;
  }

  /** The least time from the end of each replica of a service to the end of the request. */
  #look(s: number, time: Float64Array): void {
    const { services, edges, outgoing } = this.#instance;
    const service = services[s];
    const out = outgoing[s];
    if (service === undefined || out === undefined) return;
    for (let i = 0; i < service.replicas; i++) {
      let longest = 0;
      for (let k = 0; k < out.length; k++) {
        const e = out[k] ?? 0;
        const target = services[edges[e]?.target ?? 0];
        if (target === undefined) continue;
        const first = (this.#firstPair[e] ?? 0) + i * target.replicas;
        let least = Infinity;
        for (let j = 0; j < target.replicas; j++) {
          const task = target.firstTask + j;
          const rest = (time[first + j] ?? 0) + (this.#serve[task] ?? 0) + (this.#tail[task] ?? 0);
          if (rest < least) least = rest;
        }
        if (least < Infinity && least > longest) longest = least;
      }
      this.#tail[service.firstTask + i] = longest;
    }
  }

  /** Deals out the calls into a service. */
  #fill(s: number, time: Float64Array): void {
    const { services, incoming } = this.#instance;
    const service = services[s];
    const into = incoming[s];
    if (service === undefined || into === undefined) return;
    const { firstTask, replicas, rate } = service;
    if (service.entry || replicas === 1) {
      for (let task = firstTask; task < firstTask + replicas; task++) this.#visits[task] = 1 / replicas;
      for (let k = 0; k < into.length; k++) {
        const e = into[k] ?? 0;
        this.#fractions.fill(1, this.#firstPair[e], this.#firstPair[e + 1]);
      }
      return;
    }
    this.#rate.fill(0, firstTask, firstTask + replicas);
    if (into.length > 1) this.#join(service, into, time);
    else this.#split(service, into, time);
    for (let task = firstTask; task < firstTask + replicas; task++)
      this.#visits[task] = rate > 0 ? (this.#rate[task] ?? 0) / (HEADROOM * rate) : 1 / replicas;
  }

  /** The inputs of a join meet at one replica: all of its callers get the same shares. A replica costs what its latest input takes. */
  #join({ firstTask, replicas, rate }: Service, into: readonly number[], time: Float64Array): void {
    const { services, edges } = this.#instance;
    const flow = (HEADROOM * rate) / PARTS;
    for (let j = 0; j < replicas; j++) {
      let latest = 0;
      for (let k = 0; k < into.length; k++) {
        const e = into[k] ?? 0;
        const source = services[edges[e]?.source ?? 0];
        if (source === undefined) continue;
        let mean = 0;
        for (let i = 0; i < source.replicas; i++)
          mean += weighted(
            this.#visits[source.firstTask + i] ?? 0,
            time[(this.#firstPair[e] ?? 0) + i * replicas + j] ?? 0,
          );
        latest = Math.max(latest, mean);
      }
      this.#input[firstTask + j] = latest;
    }
    for (let part = 0; part < PARTS; part++) {
      const j = this.#cheapest(firstTask, replicas, firstTask, this.#input, flow);
      this.#rate[firstTask + j] = (this.#rate[firstTask + j] ?? 0) + flow;
      for (let k = 0; k < into.length; k++) {
        const e = into[k] ?? 0;
        const callers = services[edges[e]?.source ?? 0]?.replicas ?? 0;
        for (let i = 0; i < callers; i++) {
          const at = (this.#firstPair[e] ?? 0) + i * replicas + j;
          this.#fractions[at] = (this.#fractions[at] ?? 0) + 1 / PARTS;
        }
      }
    }
  }

  /** Each caller's replica goes its own way. */
  #split({ firstTask, replicas }: Service, into: readonly number[], time: Float64Array): void {
    const { services, edges } = this.#instance;
    for (let part = 0; part < PARTS; part++) {
      for (let k = 0; k < into.length; k++) {
        const e = into[k] ?? 0;
        const edge = edges[e];
        const source = services[edge?.source ?? 0];
        if (edge === undefined || source === undefined) continue;
        const calls = (HEADROOM * source.rate * edge.calls) / PARTS;
        for (let i = 0; i < source.replicas; i++) {
          const flow = calls * (this.#visits[source.firstTask + i] ?? 0);
          const first = (this.#firstPair[e] ?? 0) + i * replicas;
          const j = this.#cheapest(firstTask, replicas, first, time, flow);
          this.#rate[firstTask + j] = (this.#rate[firstTask + j] ?? 0) + flow;
          this.#fractions[first + j] = (this.#fractions[first + j] ?? 0) + 1 / PARTS;
        }
      }
    }
  }

  /** The replica where a part costs least; the first when no way leads anywhere. */
  #cheapest(firstTask: number, replicas: number, first: number, time: Float64Array, flow: number): number {
    let best = 0;
    let least = Infinity;
    for (let j = 0; j < replicas; j++) {
      const task = firstTask + j;
      const there = marginalSojourn((this.#rate[task] ?? 0) + flow, this.#serve[task] ?? 0);
      const cost = (time[first + j] ?? 0) + (this.#tail[task] ?? 0) + there;
      if (cost >= least) continue;
      least = cost;
      best = j;
    }
    return best;
  }
}
