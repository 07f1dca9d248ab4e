import type { DeploymentPlan } from '#crds/deploymentplan.ts';
import type { EdgeRegion } from '#crds/edgeregion.ts';
import type { KubeNode, KubePod } from '#crds/node.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';

/** Kubernetes objects a snapshot is made of: from files, from a cluster's caches, or from the simulator. */
export interface Objects {
  readonly nodes: readonly KubeNode[];
  readonly regions: readonly EdgeRegion[];
  readonly dags: readonly ServiceDAG[];
  readonly pods?: readonly KubePod[];
  readonly plans?: readonly DeploymentPlan[];
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** A replica that runs somewhere now. */
export interface PlacedReplica {
  readonly microservice: string;
  readonly pod: string;
  readonly host: number;
  /** The plan in force moves it: it goes once another pod has its place. */
  readonly leaves?: true;
}

/** `namespace/name`. */
export const keyOf = (object: {
  readonly metadata: { readonly namespace?: string | undefined; readonly name: string };
}): string => `${object.metadata.namespace ?? 'default'}/${object.metadata.name}`;

/** Name under which a DAG holds claims. */
export const ownerOf = (dagKey: string): string => `ServiceDAG ${dagKey}`;
