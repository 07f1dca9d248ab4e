import { GROUP, VERSION } from '#crds/meta.ts';
import type { Kind } from '#kube/kinds.ts';

const ours = (plural: string, kind: string, namespaced: boolean): Kind => {
  return { group: GROUP, version: VERSION, plural, kind, namespaced };
};

/** Applications. */
export const SERVICEDAG = ours('servicedags', 'ServiceDAG', true);
/** Regions. */
export const EDGEREGION = ours('edgeregions', 'EdgeRegion', false);
/** Plans. */
export const DEPLOYMENTPLAN = ours('deploymentplans', 'DeploymentPlan', true);
