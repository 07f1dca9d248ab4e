import type { ServiceDAG } from '#crds/servicedag.ts';
import { demandOf } from '#world/demand.ts';
import type { Instance } from '#world/instance.ts';
import { wantedReplicas } from '#world/scaling.ts';
import type { Counts } from '#world/scaling.ts';

/** Sum over all microservices. */
export const total = (counts: Counts): number => Object.values(counts).reduce((a, b) => a + b, 0);

/** As an instance has them. */
export const countsOf = ({ services }: Instance): Counts =>
  Object.fromEntries(services.map(({ name, replicas }) => [name, replicas]));

/** The least that the spec asks for. */
export const leastOf = (dag: ServiceDAG): Counts =>
  Object.fromEntries(dag.spec.microservices.map(({ name, replicas }) => [name, replicas.min]));

/**
 * What the scaling law wants for the rates in the DAG's ingress, from how many were wanted before and the mean service time of a
 * call (microseconds), both by microservice. `room` caps each; no cap when absent.
 */
export function scaledCounts(dag: ServiceDAG, before: Counts, serve: Counts, room?: Counts): Counts {
  const { rate } = demandOf(dag);
  return Object.fromEntries(
    dag.spec.microservices.map(({ name, replicas: { min, max = min } }) => {
      const erlangs = ((rate.get(name) ?? 0) * (serve[name] ?? 0)) / 1e6;
      const load = { erlangs, current: before[name] ?? min, min, max, room: room?.[name] ?? Infinity };
      return [name, wantedReplicas(load)];
    }),
  );
}

/** Mean service time of a call on the hosts of the replicas, or on any host that takes them while there are none; microseconds. */
export function serveOf(instance: Instance, assign?: Int32Array): Counts {
  return Object.fromEntries(
    instance.services.map(({ name, hosts, serve, firstTask, replicas }) => {
      const own = assign?.subarray(firstTask, firstTask + replicas) ?? hosts;
      return [name, own.reduce((sum, h) => sum + (serve[h] ?? 0), 0) / Math.max(1, own.length)];
    }),
  );
}
