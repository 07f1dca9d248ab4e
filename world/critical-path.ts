import { weighted } from './flow.ts';
import type { Flow } from './flow.ts';
import type { Instance } from './instance.ts';
import type { Step } from './prediction.ts';
import { whole } from './report.ts';
import type { Service } from './service.ts';

/** The chain of last arrivals that ends latest, with its parts: of the slowest ingress region, each part the mean over replicas, by their calls. */
export function criticalPath(
  instance: Instance,
  assign: Int32Array,
  flow: Flow,
): { path: string[]; steps: Step[] } {
  const { services, edges, tasks, ingress } = instance;
  const g = flow.slowestIngress;
  const { traffic } = flow;
  /** Share of a service's calls that a replica serves. */
  const partOf = ({ replicas }: Service, task: number): number => traffic?.visits[task] ?? 1 / replicas;
  const finishOf = (s: number): number => {
    const service = services[s];
    if (service === undefined) return 0;
    let sum = 0;
    for (let task = service.firstTask; task < service.firstTask + service.replicas; task++)
      sum += weighted(partOf(service, task), flow.finish[g * tasks + task] ?? 0);
    return sum;
  };
  const exits = services.map((_, s) => s).filter((s) => services[s]?.exit === true);
  let at: number | undefined = exits.toSorted((a, b) => finishOf(b) - finishOf(a) || a - b)[0];
  const path: string[] = [];
  const steps: Step[] = [];
  while (at !== undefined) {
    const service = services[at];
    if (service === undefined) break;
    const { firstTask, replicas } = service;
    const replicaTasks = Array.from({ length: replicas }, (_, r) => firstTask + r);
    const average = (micros: (task: number, host: number) => number): number =>
      replicaTasks.reduce((sum, task) => sum + partOf(service, task) * micros(task, assign[task] ?? 0), 0);
    const serve = average((_, host) => service.serve[host] ?? 0);
    path.unshift(service.name);
    const wait =
      average((task, host) => traffic?.serveAndWait[task] ?? service.serveAndWait[host] ?? 0) - serve;
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
      let transfer = 0;
      for (let pair = first; pair < end; pair++)
        transfer += weighted(traffic?.carried[pair] ?? 1 / (end - first), flow.time[pair] ?? 0);
      steps.unshift({ kind: 'transfer', what: `${edge.from}→${edge.to}`, micros: whole(transfer) }, ...own);
      at = edge.source;
    }
  }
  return { path, steps };
}
