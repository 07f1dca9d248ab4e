import type { Instance } from '#world/instance.ts';
import { fits } from './partial.ts';
import { randomFrom } from './random.ts';

/** Weights of the default profile (kubernetes 1.37, `apis/config/v1/default_plugins.go`). */
const WEIGHT = { fit: 1, balanced: 1, spread: 2 } as const;
/** Defaults of PodTopologySpread for pods of a Service or ReplicaSet: ScheduleAnyway over hosts and zones. */
const SPREAD_KEYS = ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'] as const;
const MAX_SKEW = { 'kubernetes.io/hostname': 3, 'topology.kubernetes.io/zone': 5 } as const;

/**
 * What kube-scheduler's default profile chooses for these pods, one after another in the order of the spec: filters (here the
 * instance's hosts and room), then NodeResourcesFit (least allocated), NodeResourcesBalancedAllocation and PodTopologySpread
 * (system defaults); ties by chance, seeded. Plugins that see no difference between our pods are left out. It knows no latency.
 * Fixed replicas are pods that run already: it never moves one.
 */
export function defaultScheduler(instance: Instance, seed = 1, fixed?: Int32Array): Int32Array {
  const { services, snapshot, free } = instance;
  const random = randomFrom(seed);
  const width = snapshot.resources.length;
  const cpu = snapshot.resources.indexOf('cpu');
  const memory = snapshot.resources.indexOf('memory');
  const extra = new Float64Array(free.length);
  const assign = new Int32Array(instance.tasks);
  const order = new Map(instance.dag.spec.microservices.map((m, i) => [m.name, i]));
  const queue = services.toSorted((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0));
  const take = (host: number, request: Float64Array): void => {
    for (let c = 0; c < width; c++)
      extra[host * width + c] = (extra[host * width + c] ?? 0) + (request[c] ?? 0);
  };
  for (const [task, host] of (fixed ?? []).entries())
    if (host >= 0) take(host, services[instance.serviceOf[task] ?? 0]?.request ?? new Float64Array());
  for (const service of queue) {
    const tasks = Array.from({ length: service.replicas }, (_, r) => service.firstTask + r);
    const mine: number[] = [];
    for (const task of tasks) {
      const there = fixed?.[task] ?? -1;
      if (there < 0) continue;
      assign[task] = there;
      mine.push(there);
    }
    for (const task of tasks) {
      if ((fixed?.[task] ?? -1) >= 0) continue;
      const open = [...service.hosts].filter((n) => fits(instance, extra, n, service.request));
      const spread = spreadScores(instance, open, mine);
      let best = -1;
      let most = -Infinity;
      let ties = 0;
      for (const [i, n] of open.entries()) {
        const used = [cpu, memory].map((column) => {
          const capacity = snapshot.allocatable[n * width + column] ?? 0;
          const left =
            (free[n * width + column] ?? 0) -
            (extra[n * width + column] ?? 0) -
            (service.request[column] ?? 0);
          return capacity > 0 && capacity < Infinity ? 1 - left / capacity : 0;
        });
        const [a = 0, b = 0] = used;
        const least = Math.floor(((1 - a) * 100 + (1 - b) * 100) / 2);
        const balanced = Math.floor((1 - Math.abs(a - b) / 2) * 100);
        const score = WEIGHT.fit * least + WEIGHT.balanced * balanced + WEIGHT.spread * (spread[i] ?? 0);
        if (score > most) {
          most = score;
          best = n;
          ties = 1;
        } else if (score === most && random() < 1 / ++ties) best = n;
      }
      const host = best >= 0 ? best : (service.hosts[0] ?? 0);
      assign[task] = host;
      mine.push(host);
      take(host, service.request);
    }
  }
  return assign;
}

/** PodTopologySpread's score of each host, 0..100: fewer pods of the same service in its host and zone is better. */
function spreadScores(instance: Instance, hosts: readonly number[], mine: readonly number[]): number[] {
  const labelsOf = (n: number): Readonly<Record<string, string>> => instance.snapshot.hosts[n]?.labels ?? {};
  const raw = hosts.map((n) => {
    let cost = 0;
    for (const key of SPREAD_KEYS) {
      const domain = key === 'kubernetes.io/hostname' ? String(n) : labelsOf(n)[key];
      if (domain === undefined) continue;
      const same = mine.filter(
        (m) => (key === 'kubernetes.io/hostname' ? String(m) : labelsOf(m)[key]) === domain,
      ).length;
      const domains = new Set(
        hosts.map((h) => (key === 'kubernetes.io/hostname' ? String(h) : labelsOf(h)[key])),
      ).size;
      cost += same * Math.log(domains + 2) + (MAX_SKEW[key] - 1);
    }
    return Math.round(cost);
  });
  const min = Math.min(...raw);
  const max = Math.max(...raw);
  return raw.map((cost) => (max === 0 ? 100 : Math.floor((100 * (max + min - cost)) / max)));
}
