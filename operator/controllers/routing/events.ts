import type { Happening } from '#kube/events.ts';

/** Something better than what is used now was lost, or is asked for in vain. */
export const degradedEvent = (message: string): Happening => ({
  type: 'Warning',
  reason: 'RoutingDegraded',
  message,
  action: 'Route',
});

/** Calls go as the plan wants again. */
export const routedEvent = (message: string): Happening => ({
  type: 'Normal',
  reason: 'Routed',
  message,
  action: 'Route',
});
