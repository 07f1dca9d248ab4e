import type { Flow } from './flow.ts';
import type { Instance } from './instance.ts';
import type { Step } from './prediction.ts';
import { whole } from './report.ts';

/** The chain of last arrivals that ends latest, with its parts: of the slowest ingress region, each part the mean over replicas. */
export function criticalPath(
  instance: Instance,
  assign: Int32Array,
  flow: Flow,
): { path: string[]; steps: Step[] } {
  const { services, edges, tasks, ingress } = instance;
  const g = flow.slowestIngress;
  const finishOf = (s: number): number => {
    const service = services[s];
    if (service === undefined) return 0;
    let sum = 0;
    for (let r = 0; r < service.replicas; r++) sum += flow.finish[g * tasks + service.firstTask + r] ?? 0;
    return sum / service.replicas;
  };
  const exits = services.map((_, s) => s).filter((s) => services[s]?.exit === true);
  let at: number | undefined = exits.toSorted((a, b) => finishOf(b) - finishOf(a) || a - b)[0];
  const path: string[] = [];
  const steps: Step[] = [];
  while (at !== undefined) {
    const service = services[at];
    if (service === undefined) break;
    const hosts = Array.from({ length: service.replicas }, (_, r) => assign[service.firstTask + r] ?? 0);
    const average = (values: Float64Array): number =>
      hosts.reduce((sum, h) => sum + (values[h] ?? 0), 0) / hosts.length;
    const serve = average(service.serve);
    path.unshift(service.name);
    const wait = average(service.serveAndWait) - serve;
    const edge = service.entry ? undefined : edges[flow.lastEdge[g * services.length + at] ?? -1];
    const own: Step[] = [{ kind: 'serve', what: service.name, micros: whole(serve) }];
    if (wait > 0.5) own.unshift({ kind: 'queue', what: service.name, micros: whole(wait) });
    if (edge === undefined) {
      const first = g * tasks + service.firstTask;
      const times = flow.entry.subarray(first, first + service.replicas);
      const access = times.reduce((a, b) => a + b, 0) / times.length;
      if (ingress.length > 0)
        own.unshift({ kind: 'access', what: `${ingress[g]?.region}→${service.name}`, micros: whole(access) });
      steps.unshift(...own);
      at = undefined;
    } else {
      const first = flow.firstPair[edge.index] ?? 0;
      const end = flow.firstPair[edge.index + 1] ?? first;
      const times = flow.time.subarray(first, end);
      const transfer = times.reduce((a, b) => a + b, 0) / times.length;
      steps.unshift({ kind: 'transfer', what: `${edge.from}→${edge.to}`, micros: whole(transfer) }, ...own);
      at = edge.source;
    }
  }
  return { path, steps };
}
