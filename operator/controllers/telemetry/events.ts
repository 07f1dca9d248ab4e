import type { Happening } from '#kube/events.ts';
import type { Urgency } from './trouble.ts';

/** Another plan is made because of what is measured. */
export const replanEvent = ({ why, text }: Urgency): Happening => ({
  type: 'Warning',
  reason: why,
  message: `${text}; it has lasted, so another plan is made`,
  action: 'Plan',
});
