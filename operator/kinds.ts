import type { Kind } from '#kube/kinds.ts';

export { DEPLOYMENTPLAN, EDGEREGION, SERVICEDAG } from '#crds/served.ts';

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

const calico = (plural: string, kind: string, namespaced: boolean): Kind => ({
  group: 'projectcalico.org',
  version: 'v3',
  plural,
  kind,
  namespaced,
});

/** Calico's API: aggregated by its API server, or native definitions; the URL is the same. */
export const IPPOOL = calico('ippools', 'IPPool', false);
export const BGPFILTER = calico('bgpfilters', 'BGPFilter', false);
export const NETWORKPOLICY = calico('networkpolicies', 'NetworkPolicy', true);
/** What Calico's own parts store where neither is there: not for others to write. */
export const STORED_IPPOOL: Kind = { ...IPPOOL, group: 'crd.projectcalico.org', version: 'v1' };

/** Field manager of everything the operator applies. */
export const FIELD_MANAGER = 'edgeloom-operator';

/** Name of the Lease that a region's agent holds. */
export const agentLease = (region: string): string => `edgeloom-agent-${region}`;

/** The region whose agent holds this Lease (`namespace/name`); undefined for other Leases. */
export const regionOfLease = (key: string): string | undefined => /\/edgeloom-agent-(.+)$/.exec(key)?.[1];
