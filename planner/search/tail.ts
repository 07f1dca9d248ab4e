import type { Evaluator } from '#world/evaluator.ts';
import { weighted } from '#world/flow.ts';
import type { Instance } from '#world/instance.ts';

/**
 * Lower bound of the time from the end of service `s` on host `n` to the end of the request: the longest remaining path when
 * every later service gets its best host, links included, capacity ignored. `tail[s][n]`, microseconds; 0 at an exit.
 * Computed backwards over the DAG, exact for chains and trees without contention.
 */
export function tails(evaluator: Evaluator): Float64Array[] {
  const { services, edges, outgoing, snapshot } = evaluator.instance;
  const hosts = snapshot.hosts.length;
  const tail = services.map(() => new Float64Array(hosts));
  for (let s = services.length - 1; s >= 0; s--) {
    const own = tail[s];
    if (own === undefined) continue;
    for (const e of outgoing[s] ?? []) {
      const edge = edges[e];
      const target = edge === undefined ? undefined : services[edge.target];
      const rest = edge === undefined ? undefined : tail[edge.target];
      if (edge === undefined || target === undefined || rest === undefined) continue;
      const { time } = evaluator.matrix(e);
      const after = Float64Array.from(target.hosts, (m) => (target.serveAndWait[m] ?? 0) + (rest[m] ?? 0));
      for (const n of services[s]?.hosts ?? []) {
        let least = Infinity;
        for (let i = 0; i < target.hosts.length; i++) {
          const total = (time[n * hosts + (target.hosts[i] ?? 0)] ?? Infinity) + (after[i] ?? 0);
          if (total < least) least = total;
        }
        own[n] = Math.max(own[n] ?? 0, least);
      }
    }
  }
  return tail;
}

/** No placement has a smaller mean latency than this, microseconds. */
export function latencyBound(
  instance: Instance,
  evaluator: Evaluator,
  tail: readonly Float64Array[],
): number {
  let bound = 0;
  for (let g = 0; g < Math.max(1, instance.ingress.length); g++) {
    let worst = 0;
    for (const [s, service] of instance.services.entries()) {
      if (!service.entry) continue;
      let least = Infinity;
      for (const n of service.hosts) {
        const total = evaluator.flow.access(g, n) + (service.serveAndWait[n] ?? 0) + (tail[s]?.[n] ?? 0);
        least = Math.min(least, total);
      }
      worst = Math.max(worst, least);
    }
    bound += weighted(instance.ingress[g]?.weight ?? 1, worst);
  }
  return bound;
}
