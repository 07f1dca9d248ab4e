import type { PlanAnswer } from '../../planner-client.ts';

/** How planning of one ServiceDAG stands. */
export type PlanState =
  | { readonly kind: 'planned'; readonly answer: PlanAnswer | undefined }
  | { readonly kind: 'infeasible'; readonly message: string; readonly binding: string }
  | { readonly kind: 'unavailable'; readonly message: string }
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string };

/** Violations that a message names; the first ones decide. */
const NAMED = 4;

/** What an infeasible answer says: the limits that no placement keeps. */
export function infeasibleState(answer: PlanAnswer): PlanState & { kind: 'infeasible' } {
  const hard = answer.violations.filter((violation) => violation.hard);
  const named = hard.slice(0, NAMED).map(({ constraint, message }) => `${constraint}: ${message}`);
  const more = hard.length > NAMED ? `; and ${hard.length - NAMED} more` : '';
  const message =
    named.length === 0
      ? 'no placement was found and the planner says no reason'
      : `${named.join('; ')}${more}`;
  return {
    kind: 'infeasible',
    message: message.slice(0, 2048),
    binding: (named[0] ?? message).slice(0, 512),
  };
}
