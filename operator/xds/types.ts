/** Type URLs of what the server sends, in the order in which a change is safe: clusters before the routes that name them. */
export const TYPES = {
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoints: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  route: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
} as const;

/** One of `TYPES`. */
export type TypeUrl = (typeof TYPES)[keyof typeof TYPES];

/** Every type, in order. */
export const ORDER: readonly TypeUrl[] = [TYPES.cluster, TYPES.endpoints, TYPES.listener, TYPES.route];
