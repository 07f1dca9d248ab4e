import { GROUP, VERSION } from '#crds/meta.ts';
import type { Kind } from '#kube/kinds.ts';

const own = (plural: string, kind: string, namespaced: boolean): Kind => ({
  group: GROUP,
  version: VERSION,
  plural,
  kind,
  namespaced,
});

/** Our resources. */
export const SERVICEDAG = own('servicedags', 'ServiceDAG', true);
export const EDGEREGION = own('edgeregions', 'EdgeRegion', false);
export const DEPLOYMENTPLAN = own('deploymentplans', 'DeploymentPlan', true);

const gatewayApi = (plural: string, kind: string): Kind => ({
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  plural,
  kind,
  namespaced: true,
});

/** Gateway API, standard channel (v1.6: TCPRoute is v1 too). */
export const GATEWAY = gatewayApi('gateways', 'Gateway');
export const HTTPROUTE = gatewayApi('httproutes', 'HTTPRoute');
export const GRPCROUTE = gatewayApi('grpcroutes', 'GRPCRoute');
export const TCPROUTE = gatewayApi('tcproutes', 'TCPRoute');

/** Field manager of everything the operator applies. */
export const FIELD_MANAGER = 'edgeloom-operator';

/** Name of the Lease that a region's agent holds. */
export const agentLease = (region: string): string => `edgeloom-agent-${region}`;

/** The region whose agent holds this Lease (`namespace/name`); undefined for other Leases. */
export const regionOfLease = (key: string): string | undefined => /\/edgeloom-agent-(.+)$/.exec(key)?.[1];
