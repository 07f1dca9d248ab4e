import type { Evaluator } from '#world/evaluator.ts';
import type { Instance } from '#world/instance.ts';

/** A placement of the first tasks of an order, with what it takes to extend it by one. */
export interface Partial {
  /** Host of each task; -1 where it is open. */
  readonly assign: Int32Array;
  /** End of each placed task per ingress, `ingress * tasks + task`, microseconds. */
  readonly finish: Float64Array;
  /** Amounts placed, `host * resources + resource`. */
  readonly extra: Float64Array;
}

/** Nothing placed. */
export function emptyPartial(instance: Instance): Partial {
  const walks = Math.max(1, instance.ingress.length);
  return {
    assign: new Int32Array(instance.tasks).fill(-1),
    finish: new Float64Array(walks * instance.tasks),
    extra: new Float64Array(instance.free.length),
  };
}

/** Whether one more replica of a service fits on a host beside what the partial placement has put there. */
export function fits(instance: Instance, extra: Float64Array, host: number, request: Float64Array): boolean {
  const width = request.length;
  const at = host * width;
  for (let r = 0; r < width; r++) {
    const asked = request[r] ?? 0;
    if (asked > 0 && (extra[at + r] ?? 0) + asked > (instance.free[at + r] ?? 0)) return false;
  }
  return true;
}

/**
 * When the last input of a task of service `s` would arrive on each host, for ingress `g`: the caller's replicas averaged,
 * the latest edge counts. Written into `arrival` (one entry per host). Callers must be placed.
 */
export function arrivals(
  evaluator: Evaluator,
  partial: Partial,
  s: number,
  g: number,
  arrival: Float64Array,
): void {
  const { services, edges, incoming, snapshot, tasks } = evaluator.instance;
  const hosts = snapshot.hosts.length;
  if (services[s]?.entry === true) {
    for (let n = 0; n < hosts; n++) arrival[n] = evaluator.flow.access(g, n);
    return;
  }
  arrival.fill(0);
  for (const e of incoming[s] ?? []) {
    const source = services[edges[e]?.source ?? 0];
    if (source === undefined) continue;
    const { time } = evaluator.matrix(e);
    if (source.replicas === 1) {
      const base = (partial.assign[source.firstTask] ?? 0) * hosts;
      const sent = partial.finish[g * tasks + source.firstTask] ?? 0;
      for (let n = 0; n < hosts; n++) {
        const at = sent + (time[base + n] ?? Infinity);
        if (at > (arrival[n] ?? 0)) arrival[n] = at;
      }
      continue;
    }
    for (let n = 0; n < hosts; n++) {
      let mean = 0;
      for (let i = 0; i < source.replicas; i++) {
        const task = source.firstTask + i;
        mean +=
          (partial.finish[g * tasks + task] ?? 0) +
          (time[(partial.assign[task] ?? 0) * hosts + n] ?? Infinity);
      }
      mean /= source.replicas;
      if (mean > (arrival[n] ?? 0)) arrival[n] = mean;
    }
  }
}

/** Places one task in a copy (or in place when `partial` is the caller's own). */
export function placeTask(
  evaluator: Evaluator,
  partial: Partial,
  task: number,
  host: number,
  finishOf: (ingress: number) => number,
): void {
  const { services, serviceOf, tasks, ingress } = evaluator.instance;
  const request = services[serviceOf[task] ?? 0]?.request;
  partial.assign[task] = host;
  for (let g = 0; g < Math.max(1, ingress.length); g++) partial.finish[g * tasks + task] = finishOf(g);
  const width = request?.length ?? 0;
  for (let r = 0; r < width; r++) {
    partial.extra[host * width + r] = (partial.extra[host * width + r] ?? 0) + (request?.[r] ?? 0);
  }
}

/** Hosts a task may go to: its fixed host, or every host of its service. */
export function hostsFor(instance: Instance, task: number, fixed: Int32Array | undefined): ArrayLike<number> {
  const host = fixed?.[task] ?? -1;
  return host >= 0 ? [host] : (instance.services[instance.serviceOf[task] ?? 0]?.hosts ?? []);
}
