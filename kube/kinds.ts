/** Everything needed to form the URL of a kind; `group` is '' for the core group. */
export interface Kind {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

const define = (group: string, version: string, plural: string, kind: string, namespaced = true): Kind => ({
  group,
  version,
  plural,
  kind,
  namespaced,
});

/** Core pods. */
export const POD = define('', 'v1', 'pods', 'Pod');
/** Core nodes. */
export const NODE = define('', 'v1', 'nodes', 'Node', false);
/** Core services. */
export const SERVICE = define('', 'v1', 'services', 'Service');
/** Endpoints, the form before slices; the control plane still writes them for Services with a selector. */
export const ENDPOINTS = define('', 'v1', 'endpoints', 'Endpoints');
/** EndpointSlices: the addresses behind a Service. */
export const ENDPOINTSLICE = define('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice');
/** Deployments. */
export const DEPLOYMENT = define('apps', 'v1', 'deployments', 'Deployment');
/** Leases, for leader election. */
export const LEASE = define('coordination.k8s.io', 'v1', 'leases', 'Lease');
/** Events of the current API, not the core one. */
export const EVENT = define('events.k8s.io', 'v1', 'events', 'Event');

/** The `apiVersion` objects of this kind carry. */
export const apiVersionOf = (kind: Kind): string =>
  kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;

/** The URL path of a kind, of its objects in a namespace, of one object, or of its subresource. */
export function pathOf(kind: Kind, namespace?: string, name?: string, subresource?: string): string {
  if (name !== undefined && kind.namespaced && (namespace === undefined || namespace === '')) {
    throw new Error(`${kind.kind} "${name}" needs a namespace: the kind is namespaced`);
  }
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const scope =
    kind.namespaced && namespace !== undefined && namespace !== '' ? ['namespaces', namespace] : [];
  const tail = [name, subresource].filter((part) => part !== undefined);
  return [root, ...[...scope, kind.plural, ...tail].map(encodeURIComponent)].join('/');
}
