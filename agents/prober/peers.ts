import type { EdgeRegion } from '#crds/edgeregion.ts';
import type { KubeNode } from '#crds/node.ts';
import { internalIp } from '#world/addresses.ts';
import { hostsOf } from '#world/host.ts';

/** A node that can be probed. */
export interface Peer {
  readonly name: string;
  /** Its InternalIP as the system writes it. */
  readonly address: string;
}

/** Whom a node probes. */
export interface Peers {
  /** The other ends of the node's own links, and one node of each region: often. */
  readonly first: readonly Peer[];
  /** Every other node: now and then, in an order of the node's own. */
  readonly rest: readonly Peer[];
  /** Ready nodes without an InternalIP of the family: they cannot be probed. */
  readonly unaddressed: readonly string[];
}

/** FNV-1a: an order that differs from node to node and is the same everywhere. */
function hash(text: string): number {
  let h = 0x81_1c_9d_c5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01_00_01_93);
  return (h ^ (h >>> 15)) >>> 0;
}

/** Whom `self` probes: nodes that are Ready and have an address, its own left out. Two nodes with one address are one peer. */
export function peersOf(
  self: string,
  nodes: readonly KubeNode[],
  regions: readonly EdgeRegion[],
  family: 4 | 6,
): Peers {
  const { hosts, outsiders } = hostsOf(nodes, regions);
  const regionOf = new Map(hosts.map((host) => [host.name, host.region]));
  const ready = new Set([...hosts, ...outsiders].filter((host) => host.ready).map((host) => host.name));
  const own = nodes.find((node) => node.metadata.name === self);
  const taken = new Set(own === undefined ? [] : [internalIp(own, family)]);
  const peers: Peer[] = [];
  const unaddressed: string[] = [];
  const order = nodes.map((node) => ({ node, rank: hash(`${self}|${node.metadata.name}`) }));
  order.sort((a, b) => a.rank - b.rank || (a.node.metadata.name < b.node.metadata.name ? -1 : 1));
  for (const { node } of order) {
    const { name } = node.metadata;
    if (name === self || !ready.has(name)) continue;
    const address = internalIp(node, family);
    if (address === undefined) unaddressed.push(name);
    else if (!taken.has(address)) {
      taken.add(address);
      peers.push({ name, address });
    }
  }
  const links = regions.flatMap((region) => region.spec.topology?.links ?? []);
  const linked = new Set(links.flatMap(({ from, to }) => (from === self ? [to] : to === self ? [from] : [])));
  const seen = new Set<string>();
  const isFirst = ({ name }: Peer): boolean => {
    const region = regionOf.get(name);
    const opens = region !== undefined && !seen.has(region);
    if (region !== undefined) seen.add(region);
    return opens || linked.has(name);
  };
  const first = peers.filter(isFirst);
  return { first, rest: peers.filter((peer) => !first.includes(peer)), unaddressed: unaddressed.toSorted() };
}
