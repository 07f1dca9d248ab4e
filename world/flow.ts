import { firstPairs } from './fractions.ts';
import type { Instance } from './instance.ts';
import type { Traffic } from './traffic.ts';

/** A share of a time; a share of nothing is nothing, even of a time that never ends. */
export const weighted = (weight: number, micros: number): number => (weight === 0 ? 0 : weight * micros);

/**
 * One request walked through the DAG (architecture section 5): a service starts when its last input has arrived, each input
 * being the mean over the caller's replicas by the calls that come from each (alike unless `traffic` says otherwise); ℓ is the latest exit, the mean over ingress regions. Times in microseconds.
 * The caller fills `time` and `variance` (one entry per pair of replicas, edges in order, caller-major) and, through `enter` or
 * by itself, `entry` and `entryVariance` (`ingress * tasks + task`, tasks of entry services), then calls `walk`.
 */
export class Flow {
  readonly time: Float64Array;
  readonly variance: Float64Array;
  /** When a request has reached a replica of an entry service, and the variance of that time. */
  readonly entry: Float64Array;
  readonly entryVariance: Float64Array;
  /** First pair of each edge. */
  readonly firstPair: Int32Array;
  /** When each task has served, per ingress: `ingress * tasks + task`. */
  readonly finish: Float64Array;
  /** Edge that arrived last at each service, per ingress: `ingress * services + service`; -1 for an entry. */
  readonly lastEdge: Int32Array;
  /** Mean ℓ over ingress regions, weighted by rate. */
  latency = 0;
  /** ℓ of the slowest ingress region, and which one it is. */
  slowest = 0;
  slowestIngress = 0;
  /** Standard deviation along the critical path, of the ingress region where it is largest. */
  jitter = 0;
  /** Largest wait between the first and the last synchronised input of any service. */
  sync = 0;
  /** How calls are steered; undefined when replicas share them evenly. */
  traffic: Traffic | undefined;
  readonly #instance: Instance;
  readonly #spread: Float64Array;

  constructor(instance: Instance) {
    const { edges, services, ingress } = instance;
    this.#instance = instance;
    this.firstPair = firstPairs(instance);
    const pairs = this.firstPair[edges.length] ?? 0;
    this.time = new Float64Array(pairs);
    this.variance = new Float64Array(pairs);
    const walks = Math.max(1, ingress.length);
    this.entry = new Float64Array(walks * instance.tasks);
    this.entryVariance = new Float64Array(walks * instance.tasks);
    this.finish = new Float64Array(walks * instance.tasks);
    this.#spread = new Float64Array(walks * instance.tasks);
    this.lastEdge = new Int32Array(walks * services.length).fill(-1);
  }

  /** Radio + transfer from an ingress region to a host over what other DAGs leave; Infinity when there is no way. */
  access(ingress: number, host: number): number {
    const { access, ingress: regions, snapshot } = this.#instance;
    return regions.length === 0 ? 0 : (access.time[ingress * snapshot.hosts.length + host] ?? Infinity);
  }

  /** Fills `entry` and `entryVariance` with what the access table says. */
  enter(assign: Int32Array): void {
    const { services, ingress, snapshot, tasks, access } = this.#instance;
    const hosts = snapshot.hosts.length;
    for (let g = 0; g < ingress.length; g++) {
      for (const service of services) {
        if (!service.entry) continue;
        for (let task = service.firstTask; task < service.firstTask + service.replicas; task++) {
          const at = g * hosts + (assign[task] ?? 0);
          this.entry[g * tasks + task] = access.time[at] ?? Infinity;
          this.entryVariance[g * tasks + task] = access.variance[at] ?? 0;
        }
      }
    }
  }

  /** Computes every result field for an assignment of tasks to hosts. */
  walk(assign: Int32Array): void {
    const { ingress } = this.#instance;
    this.latency = 0;
    this.slowest = -1;
    this.jitter = 0;
    this.sync = 0;
    for (let g = 0; g < Math.max(1, ingress.length); g++) {
      const latency = this.#from(g, assign);
      this.latency += weighted(ingress[g]?.weight ?? 1, latency);
      if (latency > this.slowest) {
        this.slowest = latency;
        this.slowestIngress = g;
      }
    }
  }

  #from(g: number, assign: Int32Array): number {
    const { services, tasks } = this.#instance;
    const { traffic } = this;
    const base = g * tasks;
    let latest = -1;
    let latestVariance = 0;
    for (let s = 0; s < services.length; s++) {
      const service = services[s];
      if (service === undefined) continue;
      let meanFinish = 0;
      let meanVariance = 0;
      for (let r = 0; r < service.replicas; r++) {
        const task = service.firstTask + r;
        const host = assign[task] ?? 0;
        const visits = traffic === undefined ? 1 / service.replicas : (traffic.visits[task] ?? 0);
        if (visits === 0) {
          this.finish[base + task] = 0;
          this.#spread[base + task] = 0;
          continue;
        }
        const start = service.entry
          ? (this.entry[base + task] ?? 0)
          : this.#arrive(g, s, r, service.replicas);
        const variance = service.entry ? (this.entryVariance[base + task] ?? 0) : this.#arrivedVariance;
        const finish =
          start + ((traffic === undefined ? service.serveAndWait[host] : traffic.serveAndWait[task]) ?? 0);
        this.finish[base + task] = finish;
        this.#spread[base + task] = variance;
        meanFinish += traffic === undefined ? finish / service.replicas : finish * visits;
        meanVariance += traffic === undefined ? variance / service.replicas : variance * visits;
      }
      if (!service.exit || meanFinish < latest) continue;
      // Of two ends at the same time the one that varies more is critical, in whatever order they are written.
      latestVariance = meanFinish > latest ? meanVariance : Math.max(latestVariance, meanVariance);
      latest = meanFinish;
    }
    this.jitter = Math.max(this.jitter, Math.sqrt(latestVariance));
    return latest;
  }

  #arrivedVariance = 0;

  /** When the last input of replica `r` of service `s` has arrived. */
  #arrive(g: number, s: number, r: number, replicas: number): number {
    const { incoming, edges, services, tasks } = this.#instance;
    const { traffic } = this;
    let last = -1;
    let firstSync = Infinity;
    let lastSync = -Infinity;
    this.#arrivedVariance = 0;
    for (const e of incoming[s] ?? []) {
      const edge = edges[e];
      const source = edge === undefined ? undefined : services[edge.source];
      if (edge === undefined || source === undefined) continue;
      let arrival = 0;
      let variance = 0;
      let arrived = traffic === undefined ? 1 : 0;
      for (let i = 0; i < source.replicas; i++) {
        const from = g * tasks + source.firstTask + i;
        const pair = (this.firstPair[e] ?? 0) + i * replicas + r;
        const at = (this.finish[from] ?? 0) + (this.time[pair] ?? 0);
        const spread = (this.#spread[from] ?? 0) + (this.variance[pair] ?? 0);
        if (traffic === undefined) {
          arrival += at / source.replicas;
          variance += spread / source.replicas;
          continue;
        }
        const part = traffic.origin[pair] ?? 0;
        arrived += part;
        arrival += weighted(part, at);
        variance += weighted(part, spread);
      }
      if (arrived === 0) {
        // This edge's calls all go to other replicas: a request that ends up here waits for them there.
        arrival = this.#meanArrival(g, e);
      }
      if (edge.sync) {
        firstSync = Math.min(firstSync, arrival);
        lastSync = Math.max(lastSync, arrival);
      }
      if (arrival > last || (arrival === last && variance > this.#arrivedVariance)) {
        last = arrival;
        this.#arrivedVariance = variance;
        this.lastEdge[g * services.length + s] = e;
      }
    }
    if (lastSync > firstSync) this.sync = Math.max(this.sync, lastSync - firstSync);
    return last;
  }

  /** When the calls of an edge arrive, the mean over all of its pairs by what each carries. */
  #meanArrival(g: number, e: number): number {
    const { edges, services, tasks } = this.#instance;
    const edge = edges[e];
    const source = services[edge?.source ?? 0];
    const replicas = services[edge?.target ?? 0]?.replicas ?? 1;
    let mean = 0;
    for (let i = 0; i < (source?.replicas ?? 0); i++) {
      const finish = this.finish[g * tasks + (source?.firstTask ?? 0) + i] ?? 0;
      const first = (this.firstPair[e] ?? 0) + i * replicas;
      for (let pair = first; pair < first + replicas; pair++)
        mean += weighted(this.traffic?.carried[pair] ?? 0, finish + (this.time[pair] ?? 0));
    }
    return mean;
  }
}
