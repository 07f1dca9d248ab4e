import { GROUP, VERSION } from './meta.ts';

const own = (plural: string, kind: string, namespaced: boolean) =>
  ({ group: GROUP, version: VERSION, plural, kind, namespaced }) as const;

/** Where an API server serves our resources: all that a client needs to form a URL. */
export const SERVICEDAG = own('servicedags', 'ServiceDAG', true);
export const EDGEREGION = own('edgeregions', 'EdgeRegion', false);
export const DEPLOYMENTPLAN = own('deploymentplans', 'DeploymentPlan', true);
