import type { Edge } from '../routing/edge.ts';
import { hostnames } from '../routing/routes.ts';
import type { Weights } from '../routing/weights.ts';
import type { Endpoint, XdsEdge } from './resources.ts';

/** Name of an edge among all of the cluster. */
export const xdsId = ({ dag, front }: Edge): string => `${dag.metadata.namespace ?? 'default'}/${front}`;

/** What the discovery server is to tell of an edge: weights in the route, and the replicas of every group that has a cluster. */
export function xdsEdge(
  edge: Edge,
  weights: Weights,
  groups: Iterable<string>,
  standsFor: ReadonlyMap<string, string>,
  byCaller: ReadonlyMap<string, Weights> = new Map(),
): XdsEdge {
  const endpoints = new Map<string, Endpoint[]>([...groups].map((group) => [group, []]));
  for (const { group, ip } of edge.replicas) {
    const list = endpoints.get(standsFor.get(group) ?? group);
    if (ip !== undefined) list?.push({ address: ip, port: edge.port });
  }
  const names = hostnames(edge).flatMap((name) => [name, `${name}:${edge.port}`]);
  return { id: xdsId(edge), names, protocol: edge.protocol, weights, byCaller, endpoints };
}
