import type { Trace } from '#memory/trace/trace.ts';
import type { Instance } from '#world/instance.ts';
import { fits } from '../search/partial.ts';
import { hostsOfMachines, regionsOf } from './machines.ts';
import type { PastMachine } from './machines.ts';

/** A past placement on present hosts; -1 where nothing of the past says where a replica goes, or it has no room there. */
export type Adapted = Int32Array;

/** The trace's service that stands for each service of the DAG, by name. */
export type Standing = ReadonlyMap<string, string>;

/**
 * The placements that a trace suggests for an instance: replicas go where their matched service's went, on the hosts that stand for the
 * machines of that time. Where users were elsewhere then, a second one follows them: what was near to them is put near to the present
 * ones. What is fixed stays. Services and replicas that nothing was found for are left open.
 */
export function adapted(
  instance: Instance,
  trace: Trace,
  standing: Standing,
  fixed?: Int32Array,
): readonly Adapted[] {
  const regions = regionsOf(instance, trace);
  const moved = [...regions].some(([then, now]) => then !== now);
  const literal = onMachines(instance, trace, standing, new Map(), fixed);
  return moved ? [onMachines(instance, trace, standing, regions, fixed), literal] : [literal];
}

function onMachines(
  instance: Instance,
  trace: Trace,
  standing: Standing,
  regions: ReadonlyMap<string, string>,
  fixed?: Int32Array,
): Adapted {
  const { services, tasks } = instance;
  const nodesOf = placesOf(trace);
  const there = new Map<string, number[]>();
  const wish = Array.from({ length: tasks }, () => '');
  for (const [s, { name, firstTask, replicas }] of services.entries()) {
    const nodes = nodesOf.get(standing.get(name) ?? '') ?? [];
    for (const [r, node] of nodes.slice(0, replicas).entries()) {
      wish[firstTask + r] = node;
      there.set(node, [...(there.get(node) ?? []), s]);
    }
  }
  const known = new Map(trace.map.nodes.map((n) => [n.name, n]));
  const machines = [...there].map(([name, its]): PastMachine => {
    const node = known.get(name);
    const region = node?.region ?? '';
    const now = regions.get(region) ?? region;
    return {
      name,
      region: now,
      cpuMilli: node?.cpuMilli ?? 0,
      utilisationPpm: node?.utilisationPpm ?? 0,
      itself: now === region,
      services: its,
    };
  });
  const hosts = hostsOfMachines(instance, machines);
  const hostOf = new Map(machines.map(({ name }, m) => [name, hosts[m] ?? -1]));
  return seated(
    instance,
    wish.map((node) => hostOf.get(node) ?? -1),
    fixed,
  );
}

/** Nodes of each service's replicas, in the order of replicas. */
function placesOf(trace: Trace): Map<string, string[]> {
  const places = new Map<string, string[]>();
  for (const { service, node } of trace.map.placements.toSorted((a, b) => a.replica - b.replica))
    places.set(service, [...(places.get(service) ?? []), node]);
  return places;
}

/** The wishes that can be granted one after the other: the host is one of the service's, and has room left. */
function seated(instance: Instance, wish: readonly number[], fixed?: Int32Array): Adapted {
  const { services, serviceOf, snapshot } = instance;
  const width = snapshot.resources.length;
  const extra = new Float64Array(instance.free.length);
  const seats = new Int32Array(instance.tasks).fill(-1);
  const seat = (task: number, host: number): void => {
    seats[task] = host;
    for (const [r, amount] of (services[serviceOf[task] ?? 0]?.request ?? []).entries())
      extra[host * width + r] = (extra[host * width + r] ?? 0) + amount;
  };
  for (const [task, host] of (fixed ?? []).entries()) if (host >= 0) seat(task, host);
  for (const [task, host] of wish.entries()) {
    const service = services[serviceOf[task] ?? 0];
    if (service === undefined || host < 0 || (seats[task] ?? -1) >= 0) continue;
    if (service.hosts.includes(host) && fits(instance, extra, host, service.request)) seat(task, host);
  }
  return seats;
}
