import { failedCheck } from '#world/feasibility.ts';
import type { Instance } from '#world/instance.ts';
import { sliceOf } from '#world/service.ts';

/**
 * Hosts where replicas of each service run now and may stay (by service, in the order of pods): what evicts counts, what only
 * keeps newcomers out does not.
 */
export function presentHosts({ snapshot, services, dag, key }: Instance): number[][] {
  const placed = snapshot.placed.get(key) ?? [];
  const slice = sliceOf(dag);
  return services.map(({ name, template }) =>
    placed.flatMap(({ microservice, host: h }) => {
      const host = snapshot.hosts[h];
      if (microservice !== name || host === undefined) return [];
      return failedCheck({ host, slice, template }, true) === undefined ? [h] : [];
    }),
  );
}

/** Present hosts of the DAG's replicas as fixed tasks: bound replicas stay where they are (moves are dearer than plans). */
export function fixedHosts(instance: Instance): Int32Array {
  const fixed = new Int32Array(instance.tasks).fill(-1);
  const present = presentHosts(instance);
  for (const [s, { firstTask, replicas }] of instance.services.entries())
    for (const [r, host] of (present[s] ?? []).slice(0, replicas).entries()) fixed[firstTask + r] = host;
  return fixed;
}
