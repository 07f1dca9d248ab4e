import type { DeploymentPlan } from '#crds/deploymentplan.ts';
import type { EdgeRegion } from '#crds/edgeregion.ts';
import type { KubeNode, KubePod } from '#crds/node.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import type { KubeObject } from '#kube/object.ts';

/** A Deployment, as far as the operator reads and writes it. */
export interface Deployment extends KubeObject {
  readonly spec: {
    readonly replicas: number;
    readonly selector: object;
    readonly strategy: object;
    readonly template: object;
  };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}

/** A Service, as far as the operator writes it. */
export interface Service extends KubeObject {
  readonly spec: { readonly selector: Readonly<Record<string, string>>; readonly ports: readonly object[] };
}

/** A Lease, as far as the operator reads it. */
export interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly renewTime?: string;
    readonly acquireTime?: string;
    readonly leaseDurationSeconds?: number;
  };
}

/** Our objects and Kubernetes' as the caches hold them. */
export type CachedDag = ServiceDAG & KubeObject;
export type CachedRegion = EdgeRegion & KubeObject;
export type CachedPlan = DeploymentPlan & KubeObject;
export type CachedNode = KubeNode & KubeObject;
export type CachedPod = KubePod & KubeObject;
