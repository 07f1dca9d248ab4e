import type { Evaluator } from '#world/evaluator.ts';
import { weighted } from '#world/flow.ts';
import { arrivals, emptyPartial, fits, hostsFor, placeTask } from './partial.ts';

/**
 * Places services one by one, in `order` (callers before callees), each replica on the host where it finishes earliest
 * among those with room (list scheduling). Where no host has room the least loaded one is taken: verification will say so.
 */
export function earliestFinish(
  evaluator: Evaluator,
  order: readonly number[],
  fixed?: Int32Array,
): Int32Array {
  const { instance } = evaluator;
  const partial = emptyPartial(instance);
  const walks = Math.max(1, instance.ingress.length);
  const arrival = Array.from({ length: walks }, () => new Float64Array(instance.snapshot.hosts.length));
  // What stays holds its room before anything else is placed.
  for (const [task, host] of (fixed ?? []).entries()) if (host >= 0) hold(task, host, 1);
  for (const s of order) {
    const service = instance.services[s];
    if (service === undefined) continue;
    for (let g = 0; g < walks; g++) arrivals(evaluator, partial, s, g, arrival[g] ?? new Float64Array());
    for (let r = 0; r < service.replicas; r++) {
      const task = service.firstTask + r;
      const hosts = hostsFor(instance, task, fixed);
      let best = -1;
      let least = Infinity;
      let roomy = false;
      for (let i = 0; i < hosts.length; i++) {
        const n = hosts[i] ?? 0;
        const room = fits(instance, partial.extra, n, service.request);
        let finish = service.serveAndWait[n] ?? 0;
        for (let g = 0; g < walks; g++)
          finish += weighted(instance.ingress[g]?.weight ?? 1, arrival[g]?.[n] ?? 0);
        if ((room && !roomy) || (room === roomy && (finish < least || best < 0))) {
          best = n;
          least = finish;
          roomy = room;
        }
      }
      const host = Math.max(0, best);
      if ((fixed?.[task] ?? -1) >= 0) hold(task, host, -1);
      placeTask(
        evaluator,
        partial,
        task,
        host,
        (g) => (arrival[g]?.[host] ?? 0) + (service.serveAndWait[host] ?? 0),
      );
    }
  }
  return partial.assign;

  function hold(task: number, host: number, sign: 1 | -1): void {
    const { request } = instance.services[instance.serviceOf[task] ?? 0] ?? {};
    for (const [r, amount] of (request ?? []).entries()) {
      const at = host * (request?.length ?? 0) + r;
      partial.extra[at] = (partial.extra[at] ?? 0) + sign * amount;
    }
  }
}

/** Greedy EFT: callers before callees, in the order of the spec. */
export const greedyEft = (evaluator: Evaluator, fixed?: Int32Array): Int32Array =>
  earliestFinish(
    evaluator,
    evaluator.instance.services.map((_, s) => s),
    fixed,
  );

/**
 * HEFT (Topcuoglu et al. 2002): services by decreasing upward rank = mean service time + the largest of mean transfer + rank
 * over its callees; each on the host with the earliest finish. A replica serves all requests, so there are no gaps to insert into.
 */
export function heft(evaluator: Evaluator, fixed?: Int32Array): Int32Array {
  const { services, edges, outgoing } = evaluator.instance;
  const mean = (values: Float64Array): number => {
    let sum = 0;
    let count = 0;
    for (const v of values) {
      if (v === Infinity) continue;
      sum += v;
      count++;
    }
    return sum / Math.max(1, count);
  };
  const transfer = edges.map((edge) => mean(evaluator.matrix(edge.index).time));
  const rank = new Float64Array(services.length);
  for (let s = services.length - 1; s >= 0; s--) {
    let rest = 0;
    for (const e of outgoing[s] ?? [])
      rest = Math.max(rest, (transfer[e] ?? 0) + (rank[edges[e]?.target ?? 0] ?? 0));
    rank[s] = mean(services[s]?.serveAndWait ?? new Float64Array()) + rest;
  }
  // Zero work and zero transfer make ties: the topological index keeps callers first.
  const order = services.map((_, s) => s).toSorted((a, b) => (rank[b] ?? 0) - (rank[a] ?? 0) || a - b);
  return earliestFinish(evaluator, order, fixed);
}
