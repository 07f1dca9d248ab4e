import { LABELS } from '#crds/meta.ts';
import type { Kind } from '#kube/kinds.ts';
import { GRPCROUTE, HTTPROUTE, TCPROUTE } from '../kinds.ts';
import type { Edge } from './edge.ts';
import { backendName } from './names.ts';
import { routingObject } from './objects.ts';
import type { RoutingObject } from './objects.ts';
import type { ParentRef } from './route-verdict.ts';
import type { Weights } from './weights.ts';

/** The kind of route that carries an edge; none carries UDP. */
export function routeKind({ protocol }: Pick<Edge, 'protocol'>): Kind | undefined {
  switch (protocol) {
    case 'HTTP':
      return HTTPROUTE;
    case 'GRPC':
      return GRPCROUTE;
    case 'TCP':
      return TCPROUTE;
    case 'UDP':
      return undefined;
    default:
      throw new Error(`unknown protocol ${JSON.stringify(protocol satisfies never)}`);
  }
}

/** Names under which callers may ask for the front Service; the bare one is left out, because it is not unique in the cluster. */
export const hostnames = ({ front, dag }: Edge): string[] => {
  const namespace = dag.metadata.namespace ?? 'default';
  return [`${front}.${namespace}`, `${front}.${namespace}.svc`, `${front}.${namespace}.svc.cluster.local`];
};

/** The weighted route of an edge; undefined when there is nothing to attach it to or no backend to name. */
export function route(
  edge: Edge,
  parents: readonly ParentRef[],
  weights: Weights,
): RoutingObject | undefined {
  const kind = routeKind(edge);
  if (kind === undefined || parents.length === 0 || weights.size === 0) return undefined;
  const backendRefs = [...weights].map(([group, weight]) => ({
    group: '',
    kind: 'Service',
    name: backendName(edge.dag.metadata.name, edge.to, group),
    port: edge.port,
    weight,
  }));
  const spec = {
    parentRefs: parents.map((parent) => ({ ...parent })),
    ...(kind === TCPROUTE ? {} : { hostnames: hostnames(edge) }),
    rules: [{ backendRefs }],
  };
  const labels = { [LABELS.microservice]: edge.to };
  return routingObject(edge.dag, kind, { name: edge.front, role: 'route', labels }, { spec });
}
