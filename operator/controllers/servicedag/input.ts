import type { Counts } from '#world/scaling.ts';
import type { CachedDag, CachedPlan, CachedPod, CachedRegion } from '../../objects.ts';
import type { Urgency } from '../telemetry/trouble.ts';
import type { Attempt } from './attempt.ts';

/** Something now, and as it was before. */
interface Change<T> {
  readonly now: T;
  readonly before: T;
}

/** Everything a decision about one ServiceDAG looks at. */
export interface Input {
  readonly dag: CachedDag;
  readonly regions: readonly CachedRegion[];
  /** Region of each node that is ready. */
  readonly readyNodes: ReadonlyMap<string, string>;
  /** Regions whose agent renews its Lease and has had time to decide about what waits. */
  readonly agents: ReadonlySet<string>;
  /** Newest plan of this DAG's uid, if any. */
  readonly plan: CachedPlan | undefined;
  /** Its pods that are not being deleted. */
  readonly pods: readonly CachedPod[];
  readonly nowMs: number;
  /** Grows when there may be room that was not there before. */
  readonly supply: number;
  /** The last time that this process asked for a plan of it. */
  readonly last: Attempt | undefined;
  /** What is measured calls for another plan. */
  readonly urgency?: Urgency | undefined;
  /** What planning reads of all regions, as they are and as they were when a plan was asked for last. */
  readonly ground: Change<string>;
  /** Replicas that the measured load wants; undefined where nothing is measured. */
  readonly wanted: Counts | undefined;
  /** A plan is looked over when it is this old. */
  readonly windowMs: number;
}
