import type { Decision, Sight } from './decision.ts';
import { decide } from './decide.ts';

/** Who decides in a region. */
export interface Policy {
  readonly name: string;
  /** Pure: same sight, same decisions; a pod that is not named stays as it is. */
  decide(sight: Sight): readonly Decision[];
  /** How far it follows the plan of its own accord (κ), in [0, 1]; 0 for a policy that has nothing of its own. */
  readonly trust: number;
}

/** The plan where it holds, search around it where it does not. */
export const search: Policy = { name: 'search', decide, trust: 0 };
