import type { KubePod } from '#crds/node.ts';
import type { Objects } from '#world/objects.ts';
import type { Snapshot } from '#world/snapshot.ts';

/** One choice for a pod; the scheduler prefers the greater weight. */
export interface PinnedNode {
  readonly node: string;
  /** 1 to 100, with wide gaps between neighbours. */
  readonly weight: number;
}

/** Why a pod is pinned where it is. */
export type PinReason = 'Planned' | 'NextRanked' | 'LocalSearch' | 'NoPlan';

/** Why a pod stays gated. */
export type WaitReason =
  'NoServiceDAG' | 'NoMicroservice' | 'NoNodeInRegion' | 'NoNodeFits' | 'InsufficientRoom' | 'InfeasiblePin';

/** Open the gate of a pod and pin it. */
export interface Pin {
  readonly kind: 'pin';
  readonly pod: KubePod;
  /** In order of preference, one or more. */
  readonly ranked: readonly PinnedNode[];
  /** The plan in force, if there is one. */
  readonly plan: string | undefined;
  readonly reason: PinReason;
}

/** Leave a pod gated. */
export interface Wait {
  readonly kind: 'wait';
  readonly pod: KubePod;
  readonly reason: WaitReason;
  readonly message: string;
}

/** What becomes of one gated pod. */
export type Decision = Pin | Wait;

/** Nodes that turned out wrong for a microservice lately (`namespace/dag/microservice`), though every check passed. */
export type Avoided = ReadonlyMap<string, ReadonlySet<string>>;

/** Everything one agent may look at. `snapshot` is made from `objects`. */
export interface Sight {
  readonly region: string;
  readonly objects: Objects;
  readonly snapshot: Snapshot;
  readonly avoid?: Avoided | undefined;
}
