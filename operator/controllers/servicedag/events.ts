import type { Happening } from '#kube/events.ts';
import { formatMicros } from '#crds/quantity.ts';
import { moveCount } from '../../moves.ts';
import type { CachedPlan } from '../../objects.ts';

/** A plan was made and dispatched. */
export const plannedEvent = (plan: CachedPlan): Happening => ({
  type: 'Normal',
  reason: 'Planned',
  message: `${plan.metadata.name} (${plan.spec.source}) predicts ${formatMicros(plan.spec.predicted?.latencyMicros ?? 0)}${moving(plan)}`,
  action: 'Plan',
});

const moving = (plan: CachedPlan): string => {
  const count = moveCount(plan);
  return count === 0 ? '' : `; running replicas that move: ${count}`;
};

/** No plan keeps every hard limit. */
export const infeasibleEvent = (message: string): Happening => ({
  type: 'Warning',
  reason: 'Infeasible',
  message: `${message}; it is tried again as soon as the world changes`,
  action: 'Plan',
});

/** Every replica has a node. */
export const placedEvent = (pods: number): Happening => ({
  type: 'Normal',
  reason: 'Placed',
  message: `all ${pods} pods have a node`,
  action: 'Place',
});
