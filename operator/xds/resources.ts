import { createHash } from 'node:crypto';
import type { Protocol } from '../routing/edge.ts';
import { TYPES } from './types.ts';
import type { TypeUrl } from './types.ts';

/** An address of one replica. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** What proxies and clients are told of one edge. */
export interface XdsEdge {
  /** Unique in the cluster; names its clusters. */
  readonly id: string;
  /** Names that callers dial, with and without port; the first one is what proxyless clients ask for. */
  readonly names: readonly string[];
  readonly protocol: Protocol;
  /** Whole weights by group; groups that are on their way out have none and keep their cluster. */
  readonly weights: ReadonlyMap<string, number>;
  /** Weights for callers of one region, where they differ from those for all. */
  readonly byCaller?: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Replicas by group. */
  readonly endpoints: ReadonlyMap<string, readonly Endpoint[]>;
}

/** One resource as it is sent. */
export interface Resource {
  readonly name: string;
  /** Hash of its content. */
  readonly version: string;
  /** `{'@type': ..., ...}`. */
  readonly body: object;
  /** Sent to those who ask for everything: what node-local Envoys need, and proxyless clients do not. */
  readonly wildcard: boolean;
}

/** Resources by type and name. */
export type Resources = ReadonlyMap<TypeUrl, ReadonlyMap<string, Resource>>;

/** Listener and route configuration of node-local Envoys. */
export const ENVOY = 'edgeloom';
/** Port on which they take connections. */
export const ENVOY_PORT = 15_001;

const ADS = { ads: {}, resource_api_version: 'V3' } as const;
const MANAGER =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';
const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

const manager = (routes: string): object => ({
  '@type': MANAGER,
  stat_prefix: 'edgeloom',
  rds: { route_config_name: routes, config_source: ADS },
  http_filters: [{ name: 'envoy.filters.http.router', typed_config: { '@type': ROUTER } }],
});

/** Name of the cluster of one group of an edge; Envoy's counters carry it. */
export const clusterName = (edge: string, group: string): string => `${edge}/${group}`;

function virtualHost(edge: XdsEdge, region: string, domains: readonly string[]): object {
  const { id, names, byCaller } = edge;
  const clusters = [...(byCaller?.get(region) ?? edge.weights)]
    .filter(([, weight]) => weight > 0)
    .map(([group, weight]) => ({ name: clusterName(id, group), weight: { value: weight } }));
  return {
    name: id,
    domains: domains.length === 0 ? names : domains,
    routes: [{ match: { prefix: '' }, route: { weighted_clusters: { clusters } } }],
  };
}

function cluster({ id, protocol }: XdsEdge, group: string): object {
  return {
    '@type': TYPES.cluster,
    name: clusterName(id, group),
    type: 'EDS',
    eds_cluster_config: { eds_config: ADS },
    lb_policy: 'ROUND_ROBIN',
    connect_timeout: { seconds: 1 },
    ...(protocol === 'GRPC'
      ? {
          typed_extension_protocol_options: {
            [HTTP_OPTIONS]: {
              '@type': `type.googleapis.com/${HTTP_OPTIONS}`,
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
        }
      : {}),
  };
}

function endpoints({ id }: XdsEdge, group: string, list: readonly Endpoint[]): object {
  return {
    '@type': TYPES.endpoints,
    cluster_name: clusterName(id, group),
    endpoints: [
      {
        locality: { region: group, zone: group },
        load_balancing_weight: { value: 1 },
        lb_endpoints: list.map(({ address, port }) => ({
          health_status: 'HEALTHY',
          endpoint: { address: { socket_address: { address, port_value: port } } },
        })),
      },
    ],
  };
}

/** A resource with the version that its content gives it. */
function resource(name: string, body: object, wildcard = true): Resource {
  const version = createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 16);
  return { name, version, body, wildcard };
}

type Typed = readonly [TypeUrl, Resource];

/** What is the same for every caller of an edge, by the edge: most edges are those of the last time. */
const MADE = new WeakMap<XdsEdge, readonly Typed[]>();

function forEveryone(edge: XdsEdge): readonly Typed[] {
  const known = MADE.get(edge);
  if (known !== undefined) return known;
  const groups = [...new Set([...edge.endpoints.keys(), ...edge.weights.keys()])];
  const made = [
    ...groups.flatMap((group): Typed[] => {
      const name = clusterName(edge.id, group);
      const list = endpoints(edge, group, edge.endpoints.get(group) ?? []);
      return [
        [TYPES.cluster, resource(name, cluster(edge, group))],
        [TYPES.endpoints, resource(name, list)],
      ];
    }),
    // Proxyless clients ask for a listener by the name they dial, each way of writing it.
    ...edge.names.map((name): Typed => {
      const body = { '@type': TYPES.listener, name, api_listener: { api_listener: manager(edge.id) } };
      return [TYPES.listener, resource(name, body, false)];
    }),
  ];
  MADE.set(edge, made);
  return made;
}

/** Listener of node-local Envoys. */
const ENVOY_LISTENER = resource(ENVOY, {
  '@type': TYPES.listener,
  name: ENVOY,
  address: { socket_address: { address: '0.0.0.0', port_value: ENVOY_PORT } },
  filter_chains: [
    { filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager(ENVOY) }] },
  ],
});

/**
 * Everything that Envoys and proxyless clients of one region may ask for; without a region, what those get whose region nobody knows.
 * Regions differ in routes alone. Pure: equal edges, equal versions. TCP and UDP edges are left out.
 */
export function resourcesOf(edges: readonly XdsEdge[], region = ''): Resources {
  const routed = edges
    .filter(({ protocol, weights }) => (protocol === 'HTTP' || protocol === 'GRPC') && weights.size > 0)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const made = new Map<TypeUrl, Map<string, Resource>>(Object.values(TYPES).map((type) => [type, new Map()]));
  const add = (type: TypeUrl, one: Resource): void => void made.get(type)?.set(one.name, one);
  const routes = (name: string, hosts: readonly object[]): void =>
    add(TYPES.route, resource(name, { '@type': TYPES.route, name, virtual_hosts: hosts }));
  for (const edge of routed) {
    for (const [type, one] of forEveryone(edge)) add(type, one);
    routes(edge.id, [virtualHost(edge, region, ['*'])]);
  }
  add(TYPES.listener, ENVOY_LISTENER);
  const hosts = routed.map((edge) => virtualHost(edge, region, []));
  routes(ENVOY, hosts);
  return made;
}
