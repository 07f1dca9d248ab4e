import type { Instance } from '#world/instance.ts';
import { presentHosts } from '#planner/present.ts';
import { emptyPartial, fits } from '#planner/search/partial.ts';
import type { Placement } from '../orchestrator.ts';

/**
 * The replicas of a placement that can run, whatever the network says of them: those that stay first, then each on its host while
 * there is room, else on the quickest host that has some; one that fits nowhere is left out. What agents make of a DAG without a
 * feasible plan. In the order of tasks.
 */
export function runnable(instance: Instance, assign: Int32Array | undefined): Placement['replicas'] {
  const { services, serviceOf, snapshot, tasks } = instance;
  const { extra } = emptyPartial(instance);
  const hostOf = new Int32Array(tasks).fill(-1);
  const take = (task: number, choices: Iterable<number>): void => {
    const request = services[serviceOf[task] ?? 0]?.request ?? new Float64Array();
    for (const host of choices) {
      if (!fits(instance, extra, host, request)) continue;
      const at = host * request.length;
      for (let c = 0; c < request.length; c++) extra[at + c] = (extra[at + c] ?? 0) + (request[c] ?? 0);
      hostOf[task] = host;
      return;
    }
  };
  const present = presentHosts(instance);
  const stays = (task: number): boolean => {
    const left = present[serviceOf[task] ?? 0] ?? [];
    const at = left.indexOf(assign?.[task] ?? -1);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  };
  const all = Array.from({ length: tasks }, (_, task) => task);
  for (const task of all.filter(stays)) take(task, assign?.subarray(task, task + 1) ?? []);
  for (const task of all) {
    const service = services[serviceOf[task] ?? 0];
    if (service === undefined || (hostOf[task] ?? -1) >= 0) continue;
    const { hosts, serveAndWait } = service;
    const planned = assign?.[task] ?? -1;
    const quickest = [...hosts].toSorted((a, b) => (serveAndWait[a] ?? 0) - (serveAndWait[b] ?? 0) || a - b);
    take(task, hosts.includes(planned) ? [planned, ...quickest] : quickest);
  }
  return all.flatMap((task) => {
    const host = snapshot.hosts[hostOf[task] ?? -1];
    const microservice = services[serviceOf[task] ?? 0]?.name ?? '';
    return host === undefined ? [] : [{ microservice, node: host.name }];
  });
}
