import { BlockList, isIPv6 } from 'node:net';
import { LABELS } from '#crds/meta.ts';
import type { KubeObject } from '#kube/object.ts';
import { NETWORKPOLICY } from '../kinds.ts';
import type { CachedDag, CachedRegion } from '../objects.ts';
import { ROLE, routingObject } from './objects.ts';
import type { RoutingObject } from './objects.ts';

/**
 * Calico's normal priority of a route; a larger number is less preferred. Ranks begin here: anything below would also overrule
 * routes to local pods (kubernetes.md, B1).
 */
export const FIRST_PRIORITY = 1_024;
/** Between one rank and the next. */
export const PRIORITY_STEP = 10;

/** How pods of a pool are reached; ours take it from the pool that was there before. */
export interface Encapsulation {
  readonly ipipMode: string;
  readonly vxlanMode: string;
  readonly natOutgoing: boolean;
}

/** An IPPool, as far as it is read. */
export interface IpPool extends KubeObject {
  readonly spec: Partial<Encapsulation> & {
    readonly cidr: string;
    readonly disabled?: boolean;
    readonly nodeSelector?: string;
  };
}

/** Nothing is encapsulated. */
const PLAIN: Encapsulation = { ipipMode: 'Never', vxlanMode: 'Never', natOutgoing: false };

/** Name of what is made for a region. */
export const regionObjectName = (region: string): string => `edgeloom-${region}`;

const labelsOf = (region: string): Record<string, string> => ({ [ROLE]: 'region', [LABELS.region]: region });

/** Encapsulation of the first enabled pool of the family that is not ours. */
export function encapsulationOf(pools: readonly IpPool[], cidr: string): Encapsulation {
  const family = isIPv6(cidr.split('/')[0] ?? '');
  const [first] = pools
    .filter(({ metadata, spec }) => metadata.labels?.[ROLE] === undefined && spec.disabled !== true)
    .filter(({ spec }) => isIPv6(spec.cidr.split('/')[0] ?? '') === family)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const { ipipMode = 'Never', vxlanMode = 'Never', natOutgoing = false } = first?.spec ?? PLAIN;
  return { ipipMode, vxlanMode, natOutgoing };
}

/** Whether packets between nodes travel inside others: then BGP carries no routes of pods, and no rank has an effect. */
export const isOverlay = ({ ipipMode, vxlanMode }: Encapsulation): boolean =>
  (ipipMode !== 'Never' && ipipMode !== '') || (vxlanMode !== 'Never' && vxlanMode !== '');

/** The IPPool of a region: pods on its nodes get addresses of its network. */
export function ipPool(region: CachedRegion, cidr: string, how: Encapsulation): IpPool {
  const { name } = region.metadata;
  const selector = Object.entries(region.spec.nodeSelector.matchLabels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key} == "${value}"`)
    .join(' && ');
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPPool',
    metadata: { name: regionObjectName(name), labels: labelsOf(name) },
    spec: { cidr, nodeSelector: selector, ...how },
  };
}

/**
 * How the nodes of one region rank routes into the others: an ordinal rank for each network, the nearest first, no share of anything.
 * It takes effect on BGPPeers that name the filter.
 */
export function bgpFilter(
  region: string,
  ranks: ReadonlyMap<string, number>,
  cidrOf: (region: string) => string | undefined,
): KubeObject & { readonly spec: object } {
  const rules = [...ranks].flatMap(([other, rank]) => {
    const cidr = cidrOf(other);
    if (cidr === undefined) return [];
    const value = FIRST_PRIORITY + PRIORITY_STEP * rank;
    return [{ cidr, matchOperator: 'In', action: 'Accept', operations: [{ setPriority: { value } }] }];
  });
  const isV6 = ({ cidr }: { cidr: string }): boolean => cidr.includes(':');
  const rest = { action: 'Accept' };
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'BGPFilter',
    metadata: { name: regionObjectName(region), labels: labelsOf(region) },
    spec: {
      importV4: [...rules.filter((rule) => !isV6(rule)), rest],
      importV6: [...rules.filter(isV6), rest],
    },
  };
}

/** Two regions whose networks share addresses; undefined when there are none. */
export function overlap(cidrs: ReadonlyMap<string, string>): readonly [string, string] | undefined {
  const list = [...cidrs].map(([region, cidr]) => {
    const [address = '', bits = '0'] = cidr.split('/');
    const family = isIPv6(address) ? ('ipv6' as const) : ('ipv4' as const);
    const block = new BlockList();
    block.addSubnet(address, Number(bits), family);
    return { region, address, family, block };
  });
  for (const [i, a] of list.entries())
    for (const b of list.slice(i + 1))
      if (a.block.check(b.address, b.family) || b.block.check(a.address, a.family))
        return [a.region, b.region];
  return undefined;
}

/** Keeps pods of other slices away from those of a DAG: whoever carries a slice label and another one is refused. */
export function slicePolicy(dag: CachedDag): RoutingObject {
  const slice = dag.spec.slice ?? dag.spec.class.toLowerCase();
  const { name } = dag.metadata;
  const spec = {
    selector: `${LABELS.dag} == "${name}" && ${LABELS.slice} == "${slice}"`,
    types: ['Ingress'],
    order: 500,
    ingress: [
      {
        action: 'Deny',
        source: {
          selector: `has(${LABELS.slice}) && ${LABELS.slice} != "${slice}"`,
          namespaceSelector: 'all()',
        },
      },
      { action: 'Allow' },
    ],
  };
  return routingObject(dag, NETWORKPOLICY, { name: `edgeloom-${name}`, role: 'policy' }, { spec });
}
