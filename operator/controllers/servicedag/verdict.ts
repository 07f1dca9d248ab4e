import type { Condition } from '#kube/conditions.ts';

/** What a condition says. */
export type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

/** The API server takes no longer message. */
const LONGEST = 4096;

const say =
  (status: Condition['status']) =>
  (reason: string, message: string): Verdict => ({ status, reason, message: message.slice(0, LONGEST) });

/** It holds. */
export const yes = say('True');
/** It does not hold. */
export const no = say('False');
/** Nobody can say yet. */
export const unknown = say('Unknown');
