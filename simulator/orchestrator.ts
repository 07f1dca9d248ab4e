import type { Objects } from '#world/objects.ts';
import type { Snapshot } from '#world/snapshot.ts';

/** What an orchestrator may look at: what the operator and the agents could read in a cluster, nothing else. */
export interface Observation {
  readonly atMicros: number;
  /**
   * Nodes with their Ready condition, regions without the links that are down, DAGs with the measured rates in their ingress,
   * running replicas as bound pods (names are stable while a replica lives).
   */
  readonly objects: Objects;
  readonly snapshot: Snapshot;
  /** In the order of `City.dags`. */
  readonly dags: readonly DagObservation[];
  /** Nodes that came, went or changed speed since the last call. */
  readonly changed: readonly string[];
}

/** Telemetry of one DAG over the last period. */
export interface DagObservation {
  readonly dag: string;
  /** Requests/s that entered, per entry of `spec.ingress`. */
  readonly rates: readonly number[];
  readonly completed: number;
  readonly violated: number;
  readonly meanLatencyMicros: number;
  readonly p95LatencyMicros: number;
  /** Busy share of each microservice's replicas, mean over them. */
  readonly utilisation: Readonly<Record<string, number>>;
}

/** Where a DAG's replicas shall run. Replicas already on a wanted host stay; the rest is started there, and the surplus drained. */
export interface Placement {
  /** `namespace/name`. */
  readonly dag: string;
  readonly replicas: readonly { readonly microservice: string; readonly node: string }[];
  /** Flow fractions y; a pair that is not named gets an even share of what is left, and an edge without any is spread evenly. */
  readonly routes?: readonly RouteFraction[];
}

/** Share of the calls of one edge that leave a caller's host for a callee's host. */
export interface RouteFraction {
  readonly from: string;
  readonly to: string;
  readonly fromNode: string;
  readonly toNode: string;
  readonly weightPpm: number;
}

/** Who places and moves. Deterministic: same observations, same answers; it keeps what it remembers to itself. */
export interface Orchestrator {
  readonly name: string;
  /** At time 0 and at every window: the whole city. DAGs that are not named stay as they are. */
  plan(observation: Observation): Promise<readonly Placement[]>;
  /** At every period and right after a disruption: what cannot wait for the window. */
  act(observation: Observation): readonly Placement[];
}
