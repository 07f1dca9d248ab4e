import type { Orchestrator } from '../orchestrator.ts';
import { Ladder } from './ladder.ts';
import { recipeOf } from './recipe.ts';

/** The orchestrator of a name such as `search` or `greedy:once,scale`, fresh for one run. Throws `InputError` for an unknown one. */
export const orchestratorOf = (name: string): Orchestrator => new Ladder(recipeOf(name));

export { ORCHESTRATOR_NAMES } from './recipe.ts';
