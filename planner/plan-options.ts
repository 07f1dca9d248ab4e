import type { Objective } from '#world/evaluator.ts';
import type { Replicas } from '#world/service.ts';
import type { FractionsMode } from '#world/steered.ts';
import type { Recall } from './recall.ts';
import type { SourceName } from './sources.ts';

/** How a plan is made. */
export interface PlanOptions {
  readonly objective: Objective;
  /** Time the search may take, milliseconds; turned into a number of evaluations, so that plans do not depend on the clock. */
  readonly budgetMs: number;
  readonly planner: SourceName;
  /** Bound replicas stay where they are; only the others are placed. */
  readonly keep?: boolean;
  /** With `keep`: so many of them may move all the same, where that is worth it; none by default. */
  readonly moves?: number;
  /** How many nodes to rank for each replica, the chosen one included; 1 by default. */
  readonly ranks?: number;
  /** Replicas of each microservice, `replicas.min` to `replicas.max`; the least by default. */
  readonly replicas?: Replicas;
  /** Hosts that are searched at first when the world has more; 256 by default. Fewer is faster. */
  readonly hosts?: number;
  /** Share of J that a plan may cost more so that all of its branches are done early; 0 by default. For `search` and `utility`. */
  readonly ease?: number;
  /** Flow fractions: decided together with the placement (default, for `search`), or even shares after it. */
  readonly fractions?: FractionsMode;
  /** Memory of past deployments, whose placements compete with those of `search`; none by default. */
  readonly recall?: Recall;
}

/** Defaults of `edgeloom plan`. */
export const PLAN_DEFAULTS: PlanOptions = { objective: 'utility', budgetMs: 50, planner: 'search' };

/** What the planner's server and the simulator give for ease: real requests wait for the late branch, which ℓ does not see. */
export const EASE = 0.05;
