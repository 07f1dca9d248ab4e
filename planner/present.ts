import { failedCheck } from '#world/feasibility.ts';
import type { Instance } from '#world/instance.ts';
import type { PlacedReplica } from '#world/objects.ts';
import { sliceOf } from '#world/service.ts';

/**
 * Replicas of each service that run now and may stay (by service): what evicts counts, what only keeps newcomers out does not.
 * In the order of pods, those that the plan in force moves last.
 */
export function presentReplicas({ snapshot, services, dag, key }: Instance): PlacedReplica[][] {
  const placed = snapshot.placed.get(key) ?? [];
  const slice = sliceOf(dag);
  const inOrder = [
    ...placed.filter(({ leaves }) => leaves !== true),
    ...placed.filter(({ leaves }) => leaves),
  ];
  return services.map(({ name, template }) =>
    inOrder.filter(({ microservice, host: h }) => {
      const host = snapshot.hosts[h];
      if (microservice !== name || host === undefined) return false;
      return failedCheck({ host, slice, template }, true) === undefined;
    }),
  );
}

/** Hosts of `presentReplicas`. */
export const presentHosts = (instance: Instance): number[][] =>
  presentReplicas(instance).map((replicas) => replicas.map(({ host }) => host));

/** Present hosts of the DAG's replicas as fixed tasks: bound replicas stay where they are (moves are dearer than plans). */
export function fixedHosts(instance: Instance): Int32Array {
  const fixed = new Int32Array(instance.tasks).fill(-1);
  const present = presentHosts(instance);
  for (const [s, { firstTask, replicas }] of instance.services.entries())
    for (const [r, host] of (present[s] ?? []).slice(0, replicas).entries()) fixed[firstTask + r] = host;
  return fixed;
}
