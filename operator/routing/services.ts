import { LABELS } from '#crds/meta.ts';
import { ENDPOINTSLICE, SERVICE } from '#kube/kinds.ts';
import type { Edge } from './edge.ts';
import { backendName } from './names.ts';
import { routingObject } from './objects.ts';
import type { RoutingObject } from './objects.ts';
import { REST } from './weights.ts';

/** Port name of every Service of ours: slices refer to it. */
export const PORT = 'app';

/** An address that takes calls for a Service. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly node?: string | undefined;
  readonly zone?: string | undefined;
  /** Zones whose callers should use it; everybody when absent. */
  readonly forZones?: readonly string[] | undefined;
  readonly pod?: string | undefined;
}

/** What stands behind the front Service: all replicas of the callee, evenly, or just these addresses. */
export type Front =
  | { readonly kind: 'selector' }
  | { readonly kind: 'targets'; readonly targets: readonly Target[]; readonly local?: boolean };

const servicePort = ({ port, protocol }: Edge): object => ({
  name: PORT,
  port,
  targetPort: port,
  protocol: protocol === 'UDP' ? 'UDP' : 'TCP',
  ...(protocol === 'GRPC' ? { appProtocol: 'kubernetes.io/h2c' } : {}),
});

const pods = ({ dag, to }: Edge): Record<string, string> => ({
  [LABELS.dag]: dag.metadata.name,
  [LABELS.microservice]: to,
});

/** The Service that callers of the edge dial. `local`: each caller is to use the target on its own node. */
export function frontService(edge: Edge, front: Front): RoutingObject {
  const local = front.kind === 'targets' && front.local === true;
  const spec = {
    ...(front.kind === 'selector' ? { selector: pods(edge) } : {}),
    ports: [servicePort(edge)],
    internalTrafficPolicy: local ? 'Local' : 'Cluster',
  };
  const labels = { [LABELS.microservice]: edge.to };
  return routingObject(edge.dag, SERVICE, { name: edge.front, role: 'front', labels }, { spec });
}

/** The Service of one group of replicas; that of `REST` has slices of ours, because no selector says "one of these regions". */
export function backendService(edge: Edge, group: string): RoutingObject {
  const spec = {
    ...(group === REST ? {} : { selector: { ...pods(edge), [LABELS.region]: group } }),
    ports: [servicePort(edge)],
  };
  const labels = {
    [LABELS.microservice]: edge.to,
    ...(group === REST ? {} : { [LABELS.region]: group }),
  };
  const name = backendName(edge.dag.metadata.name, edge.to, group);
  return routingObject(edge.dag, SERVICE, { name, role: 'backend', labels }, { spec });
}

/** Endpoints of a Service without a selector: one slice for each address family, empty ones left out. */
export function slices(
  edge: Edge,
  service: string,
  role: 'front' | 'backend',
  targets: readonly Target[],
): RoutingObject[] {
  const families = [
    ['IPv4', targets.filter(({ address }) => !address.includes(':'))],
    ['IPv6', targets.filter(({ address }) => address.includes(':'))],
  ] as const;
  return families.flatMap(([addressType, family]) => {
    const [first] = family;
    if (first === undefined) return [];
    // One port for a slice: ours all listen on the same one.
    const own = family.filter(({ port }) => port === first.port);
    const labels = {
      'kubernetes.io/service-name': service,
      'endpointslice.kubernetes.io/managed-by': 'edgeloom',
    };
    const protocol = edge.protocol === 'UDP' ? 'UDP' : 'TCP';
    const name = `${service}-${addressType.toLowerCase()}`;
    return [
      routingObject(
        edge.dag,
        ENDPOINTSLICE,
        { name, role, labels },
        {
          addressType,
          ports: [{ name: PORT, port: first.port, protocol }],
          endpoints: own.map(({ address, node, zone, forZones, pod }) => ({
            addresses: [address],
            conditions: { ready: true },
            ...(node === undefined || node === '' ? {} : { nodeName: node }),
            ...(zone === undefined ? {} : { zone }),
            ...(forZones === undefined ? {} : { hints: { forZones: forZones.map((name) => ({ name })) } }),
            ...(pod === undefined
              ? {}
              : {
                  targetRef: { kind: 'Pod', namespace: edge.dag.metadata.namespace ?? 'default', name: pod },
                }),
          })),
        },
      ),
    ];
  });
}
