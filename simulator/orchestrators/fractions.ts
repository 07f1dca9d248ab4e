import { quantity } from '#crds/quantity.ts';
import { demandOf } from '#world/demand.ts';
import type { Instance } from '#world/instance.ts';
import { transmission } from '#world/paths.ts';
import { wholeParts } from '#world/whole-parts.ts';
import type { RouteFraction } from '../orchestrator.ts';
import { waterFill } from './water-filling.ts';

const PPM = 1_000_000;

/** Replicas of a service on one host. */
interface Group {
  readonly host: number;
  readonly replicas: number;
  /** Calls/s that reach them. */
  rate: number;
}

/**
 * How the calls of each edge are spread over the callee's hosts, for the rates in the DAG's ingress: callers first, each service's
 * inflow water-filled over its replicas by transfer time and queue. The weights of one edge and caller's host sum to exactly
 * 1,000,000. Empty when every service has one replica: then there is nothing to choose.
 */
export function fractionsOf(instance: Instance, assign: Int32Array): RouteFraction[] {
  const { services, edges, incoming, snapshot, dag, paths } = instance;
  if (services.every(({ replicas }) => replicas === 1)) return [];
  const groups = services.map((service) => groupsOf(service, assign));
  const { ingressRate } = demandOf(dag);
  const calls = dag.spec.edges.map((edge) => quantity(edge.callsPerRequest ?? '1'));
  const name = (host: number): string => snapshot.hosts[host]?.name ?? '';
  const micros = (from: number, to: number, bytes: number): number => {
    if (from === to) return 0;
    const label = paths.path(from, to, bytes, 0);
    return label === undefined ? Infinity : label.latency + transmission(bytes, label.bandwidth);
  };
  const fractions: RouteFraction[] = [];
  for (const [s, service] of services.entries()) {
    const callees = groups[s] ?? [];
    if (service.entry)
      for (const group of callees) group.rate = (ingressRate * group.replicas) / service.replicas;
    const callers = (incoming[s] ?? []).flatMap((e) =>
      (groups[edges[e]?.source ?? 0] ?? []).map((group) => ({
        edge: e,
        host: group.host,
        rate: group.rate * (calls[e] ?? 1),
        micros: callees.map(({ host }) => micros(group.host, host, edges[e]?.payloadBytes ?? 0)),
      })),
    );
    const shares = waterFill(
      callers,
      callees.map(({ host, replicas }) => ({ serviceMicros: service.serve[host] ?? 0, replicas })),
    );
    for (const [c, caller] of callers.entries()) {
      const own = shares[c] ?? [];
      for (const [k, group] of callees.entries()) group.rate += caller.rate * (own[k] ?? 0);
      const edge = edges[caller.edge];
      if (service.replicas === 1 || edge === undefined) continue;
      for (const [k, weightPpm] of wholeParts(own, PPM).entries()) {
        if (weightPpm === 0) continue;
        const [fromNode, toNode] = [name(caller.host), name(callees[k]?.host ?? 0)];
        fractions.push({ from: edge.from, to: edge.to, fromNode, toNode, weightPpm });
      }
    }
  }
  return fractions;
}

function groupsOf({ firstTask, replicas }: Instance['services'][number], assign: Int32Array): Group[] {
  const counts = new Map<number, number>();
  for (const host of assign.subarray(firstTask, firstTask + replicas))
    counts.set(host, (counts.get(host) ?? 0) + 1);
  return [...counts]
    .toSorted(([a], [b]) => a - b)
    .map(([host, count]) => ({ host, replicas: count, rate: 0 }));
}
