import type { Instance } from './instance.ts';
import { arcsOf, quickest, transmission } from './paths.ts';

/**
 * One request walked through the DAG (architecture section 5): a service starts when its last input has arrived, each input
 * being the mean over the caller's replicas; ℓ is the latest exit, the mean over ingress regions. Times in microseconds.
 * The caller fills `time` and `variance` (one entry per pair of replicas, edges in order, caller-major), then calls `walk`.
 */
export class Flow {
  readonly time: Float64Array;
  readonly variance: Float64Array;
  /** First pair of each edge. */
  readonly firstPair: Int32Array;
  /** When each task has served, per ingress: `ingress * tasks + task`. */
  readonly finish: Float64Array;
  readonly start: Float64Array;
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
  /** Mean success probability of the radio part. */
  readonly radioSuccess: number;
  readonly #instance: Instance;
  readonly #access: readonly Float64Array[];
  readonly #spread: Float64Array;
  readonly #accessLog: readonly Float64Array[];

  constructor(instance: Instance) {
    const { edges, services, ingress, snapshot } = instance;
    this.#instance = instance;
    this.firstPair = new Int32Array(edges.length + 1);
    for (const [e, edge] of edges.entries()) {
      const pairs = (services[edge.source]?.replicas ?? 1) * (services[edge.target]?.replicas ?? 1);
      this.firstPair[e + 1] = (this.firstPair[e] ?? 0) + pairs;
    }
    const pairs = this.firstPair[edges.length] ?? 0;
    this.time = new Float64Array(pairs);
    this.variance = new Float64Array(pairs);
    const walks = Math.max(1, ingress.length);
    this.finish = new Float64Array(walks * instance.tasks);
    this.start = new Float64Array(walks * instance.tasks);
    this.#spread = new Float64Array(walks * instance.tasks);
    this.lastEdge = new Int32Array(walks * services.length).fill(-1);
    this.radioSuccess = ingress.reduce(
      (sum, i) => sum + i.weight * i.radioSuccess,
      ingress.length === 0 ? 1 : 0,
    );
    const { success } = snapshot.graph;
    const lossy = success.some((p) => p < 1);
    this.#accessLog = ingress.map((entry) =>
      Float64Array.from(snapshot.hosts, (_, h) =>
        lossy
          ? arcsOf(instance.paths.path(entry.vertex, h, entry.payloadBytes, 0)).reduce(
              (log, arc) => log + Math.log(Math.max(success[arc] ?? 1, 1e-12)),
              0,
            )
          : 0,
      ),
    );
    this.#access = ingress.map((entry) => {
      const labels = instance.paths.labels(entry.vertex);
      return Float64Array.from(snapshot.hosts, (_, h) => {
        const way = quickest(labels[h] ?? [], entry.payloadBytes, 0);
        return way === undefined
          ? Infinity
          : entry.radio + way.latency + transmission(entry.payloadBytes, way.bandwidth);
      });
    });
  }

  /** Radio + transfer from an ingress region to an entry service on a host; Infinity when there is no way. */
  access(ingress: number, host: number): number {
    return this.#access[ingress]?.[host] ?? 0;
  }

  /** Arcs of the access paths to the entry services' replicas, one list per path. */
  accessArcs(assign: Int32Array): number[][] {
    const { services, ingress, paths } = this.#instance;
    return ingress.flatMap((entry) =>
      services.flatMap((service) =>
        service.entry
          ? Array.from({ length: service.replicas }, (_, r) =>
              arcsOf(paths.path(entry.vertex, assign[service.firstTask + r] ?? 0, entry.payloadBytes, 0)),
            )
          : [],
      ),
    );
  }

  /** Log of the success probability of the access paths, each crossing of a link counted. */
  accessLogSuccess(assign: Int32Array): number {
    let log = 0;
    for (const service of this.#instance.services) {
      if (!service.entry) continue;
      for (let r = 0; r < service.replicas; r++) {
        const host = assign[service.firstTask + r] ?? 0;
        for (const known of this.#accessLog) log += known[host] ?? 0;
      }
    }
    return log;
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
      this.latency += (ingress[g]?.weight ?? 1) * latency;
      if (latency > this.slowest) {
        this.slowest = latency;
        this.slowestIngress = g;
      }
    }
  }

  #from(g: number, assign: Int32Array): number {
    const { services, tasks } = this.#instance;
    const base = g * tasks;
    const radioVariance = this.#instance.ingress[g]?.radioVariance ?? 0;
    let latest = 0;
    let latestVariance = 0;
    for (let s = 0; s < services.length; s++) {
      const service = services[s];
      if (service === undefined) continue;
      let meanFinish = 0;
      let meanVariance = 0;
      for (let r = 0; r < service.replicas; r++) {
        const task = service.firstTask + r;
        const host = assign[task] ?? 0;
        const start = service.entry ? this.access(g, host) : this.#arrive(g, s, r, service.replicas);
        const variance = service.entry ? radioVariance : this.#arrivedVariance;
        const finish = start + (service.serveAndWait[host] ?? 0);
        this.start[base + task] = start;
        this.finish[base + task] = finish;
        this.#spread[base + task] = variance;
        meanFinish += finish / service.replicas;
        meanVariance += variance / service.replicas;
      }
      if (service.exit && meanFinish > latest) {
        latest = meanFinish;
        latestVariance = meanVariance;
      }
    }
    this.jitter = Math.max(this.jitter, Math.sqrt(latestVariance));
    return latest;
  }

  #arrivedVariance = 0;

  /** When the last input of replica `r` of service `s` has arrived. */
  #arrive(g: number, s: number, r: number, replicas: number): number {
    const { incoming, edges, services, tasks } = this.#instance;
    let last = -1;
    let firstSync = Infinity;
    let lastSync = -Infinity;
    for (const e of incoming[s] ?? []) {
      const edge = edges[e];
      const source = edge === undefined ? undefined : services[edge.source];
      if (edge === undefined || source === undefined) continue;
      let arrival = 0;
      let variance = 0;
      for (let i = 0; i < source.replicas; i++) {
        const from = g * tasks + source.firstTask + i;
        const pair = (this.firstPair[e] ?? 0) + i * replicas + r;
        arrival += ((this.finish[from] ?? 0) + (this.time[pair] ?? 0)) / source.replicas;
        variance += ((this.#spread[from] ?? 0) + (this.variance[pair] ?? 0)) / source.replicas;
      }
      if (edge.sync) {
        firstSync = Math.min(firstSync, arrival);
        lastSync = Math.max(lastSync, arrival);
      }
      if (arrival > last) {
        last = arrival;
        this.#arrivedVariance = variance;
        this.lastEdge[g * services.length + s] = e;
      }
    }
    if (lastSync > firstSync) this.sync = Math.max(this.sync, lastSync - firstSync);
    return last;
  }
}
