import { quantity } from '#crds/quantity.ts';

/** The part of a pod specification that capacity depends on. */
export interface PodRequests {
  readonly containers: readonly ContainerRequests[];
  readonly initContainers?: readonly ContainerRequests[] | undefined;
  readonly overhead?: Readonly<Record<string, string | number>> | undefined;
}

interface ContainerRequests {
  readonly resources?:
    { readonly requests?: Readonly<Record<string, string | number>> | undefined } | undefined;
  readonly restartPolicy?: string | undefined;
}

/** Whole units, rounded up; what floating point makes of a whole number (1.1 x 1000) stays that number. */
export function wholeUp(value: number): number {
  const nearest = Math.round(value);
  return Math.abs(value - nearest) <= 1e-6 ? nearest : Math.ceil(value);
}

/** A Kubernetes quantity in whole base units: milli for cpu, one for everything else, rounded up. */
export const baseUnits = (resource: string, text: string | number): number =>
  wholeUp(quantity(text) * (resource === 'cpu' ? 1000 : 1));

function sum(into: Map<string, number>, from: Readonly<Record<string, string | number>> | undefined): void {
  for (const [name, text] of Object.entries(from ?? {})) {
    into.set(name, (into.get(name) ?? 0) + baseUnits(name, text));
  }
}

/**
 * What the scheduler counts for a pod: the sum over containers and sidecars, or the largest init container when that is more,
 * plus overhead, plus one pod. In base units.
 */
export function podRequests(pod: PodRequests): Map<string, number> {
  const running = new Map<string, number>();
  const starting = new Map<string, number>();
  for (const container of pod.initContainers ?? []) {
    const own = new Map(running);
    sum(own, container.resources?.requests);
    for (const [name, amount] of own) starting.set(name, Math.max(starting.get(name) ?? 0, amount));
    if (container.restartPolicy === 'Always') sum(running, container.resources?.requests);
  }
  for (const container of pod.containers) sum(running, container.resources?.requests);
  for (const [name, amount] of starting) running.set(name, Math.max(running.get(name) ?? 0, amount));
  sum(running, pod.overhead);
  running.set('pods', 1);
  return running;
}

/** CPU that works on requests: the sum over the pod's containers, in milli-CPU (architecture: `serve`). */
export function servingMilliCpu(pod: PodRequests): number {
  const total = new Map<string, number>();
  for (const container of pod.containers) sum(total, container.resources?.requests);
  return total.get('cpu') ?? 0;
}
