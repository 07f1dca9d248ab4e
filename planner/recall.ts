import type { ServiceDAG } from '#crds/servicedag.ts';
import type { Evaluator } from '#world/evaluator.ts';
import type { Replicas } from '#world/service.ts';
import type { Snapshot } from '#world/snapshot.ts';
import type { Candidate } from './sources.ts';

/** What a memory of past deployments was asked and said, for a plan's provenance. */
export interface Recollected {
  /** Version of the encoder that made the query vector. */
  readonly encoderVersion?: string;
  /** Ids of the traces that were retrieved, the best first. */
  readonly traces: readonly string[];
  /** Why there are none, when the memory could not be asked: the plan was made without it. */
  readonly without?: string;
}

/** What was recalled for one DAG in one world, ready to be proposed. */
export interface Recalled extends Recollected {
  /** Past placements adapted to the evaluator's instance, each with source `Memory`; none when nothing is alike. Fixed tasks stay. Pure. */
  candidates(evaluator: Evaluator, fixed?: Int32Array): readonly Candidate[];
}

/** Asks the memory about a DAG in a world. Never rejects: a memory that fails says so in `without`. */
export type Recall = (snapshot: Snapshot, dag: ServiceDAG, replicas?: Replicas) => Promise<Recalled>;
