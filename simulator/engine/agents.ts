import { LABELS } from '#crds/meta.ts';
import { search } from '#agents/policy.ts';
import type { Policy } from '#agents/policy.ts';
import type { Decision, Sight } from '#agents/decision.ts';
import type { Objects } from '#world/objects.ts';
import { snapshotOf } from '#world/snapshot.ts';
import type { Fleet } from './fleet.ts';

/** What the agent of a region looks at. */
export const sightOf = (region: string, objects: Objects): Sight => ({
  region,
  objects,
  snapshot: snapshotOf(objects),
});

/**
 * The regions' agents place the pods that wait without a node, one region after the other in order of name, each on what the
 * ones before left. A pod that its agent keeps waiting is asked about again at the next call.
 */
export function placeGated(fleet: Fleet, objects: () => Objects, policy: Policy = search): Decision[] {
  const regions = new Set(fleet.gated.map(({ pod }) => pod.metadata.labels?.[LABELS.region] ?? ''));
  return [...regions].toSorted().flatMap((region) => {
    const decisions = policy.decide(sightOf(region, objects()));
    for (const decision of decisions) {
      if (decision.kind !== 'pin') continue;
      const gated = fleet.gated.find(({ pod }) => pod.metadata.name === decision.pod.metadata.name);
      // As the scheduler does: the first choice that still has room.
      if (gated !== undefined) decision.ranked.some(({ node }) => fleet.pin(gated, node));
    }
    return decisions;
  });
}
