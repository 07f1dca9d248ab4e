import type { Kind } from '#kube/kinds.ts';
import { keyOf } from '#kube/object.ts';
import type { Caches } from '../../caches.ts';
import { TCPROUTE } from '../../kinds.ts';
import type { Around, GatewaySeen, Listener, XdsSeen } from '../../routing/back-end.ts';
import type { Edge } from '../../routing/edge.ts';
import type { World } from '../../world.ts';
import type { RoutingStores } from './stores.ts';

/** Label of the zone of a node; kube-proxy compares it with hints. */
const ZONE = 'topology.kubernetes.io/zone';

interface TcpRoute {
  readonly spec?: {
    readonly parentRefs?: readonly { readonly name: string; readonly sectionName?: string }[];
  };
}

/** What back-ends look at, from memory. */
export function aroundOf(from: {
  readonly caches: Caches;
  readonly world: World;
  readonly stores: RoutingStores;
  readonly gateway: GatewaySeen | undefined;
  readonly xds: XdsSeen | undefined;
}): Around {
  const { caches, world, stores, gateway, xds } = from;
  const zoneOf = (node: string): string | undefined => caches.nodes.get(node)?.metadata.labels?.[ZONE];
  let zones: ReadonlyMap<string, readonly string[]> | undefined;
  return {
    serves: (kind: Kind) => stores.serves(kind),
    gateway,
    xds,
    tcpListener: (edge) => tcpListener(edge, gateway, stores),
    zoneOf,
    zonesOf: (region) => {
      zones ??= zonesByRegion(world.readyNodes(), zoneOf);
      return zones.get(region);
    },
  };
}

/** Zones of each region whose nodes all have one, unless it reaches into another region. */
function zonesByRegion(
  regionOf: ReadonlyMap<string, string>,
  zoneOf: (node: string) => string | undefined,
): Map<string, string[]> {
  const regions = new Map<string, Set<string>>();
  const zones = new Map<string, Set<string | undefined>>();
  for (const [node, region] of regionOf) {
    const zone = zoneOf(node);
    zones.set(region, (zones.get(region) ?? new Set()).add(zone));
    if (zone !== undefined) regions.set(zone, (regions.get(zone) ?? new Set()).add(region));
  }
  const clean = [...zones].flatMap(([region, own]) => {
    const names = [...own].filter((zone) => zone !== undefined);
    const alone = names.length === own.size && names.every((zone) => regions.get(zone)?.size === 1);
    return alone ? [[region, names.toSorted()] as const] : [];
  });
  return new Map(clean.map(([region, names]) => [region, [...names]]));
}

/** TCP carries no name to tell edges apart by: each needs a listener for itself. The one it has stays its own. */
function tcpListener(
  edge: Edge,
  gateway: GatewaySeen | undefined,
  stores: RoutingStores,
): Listener | undefined {
  const listeners = gateway?.listeners.filter(({ protocol }) => protocol === 'TCP') ?? [];
  const own = `${edge.dag.metadata.namespace ?? 'default'}/${edge.front}`;
  const taken = new Map<string, string>();
  for (const route of stores.of(TCPROUTE).list()) {
    for (const { name, sectionName = '' } of (route as TcpRoute).spec?.parentRefs ?? [])
      if (name === gateway?.name && !taken.has(sectionName)) taken.set(sectionName, keyOf(route));
  }
  return (
    listeners.find(({ name }) => taken.get(name) === own) ?? listeners.find(({ name }) => !taken.has(name))
  );
}
