import type { Around, BackEnd } from '../back-end.ts';
import type { Edge, Replica } from '../edge.ts';
import { subsetCounts } from '../subset.ts';
import type { Weights } from '../weights.ts';
import type { Target } from '../services.ts';

/** The API server takes no more zones in the hints of one endpoint. */
const MOST_ZONES = 8;

/** One choice of replicas: for callers of these zones, or for all. */
interface Choice {
  readonly zones: readonly string[] | undefined;
  readonly chosen: readonly Replica[];
  /** Share of all calls that it is made for. */
  readonly share: number;
}

const reachable = ({ replicas }: Edge): Replica[] => replicas.filter(({ ip }) => ip !== undefined);

function choose(replicas: readonly Replica[], shares: Weights): Replica[] {
  const ready = new Map<string, number>();
  for (const { group } of replicas) ready.set(group, (ready.get(group) ?? 0) + 1);
  const counts = new Map(subsetCounts(shares, ready));
  return replicas.filter(({ group }) => {
    const left = counts.get(group) ?? 0;
    counts.set(group, left - 1);
    return left > 0;
  });
}

/** By the caller's zones where every calling region has zones of its own, else one choice for all. */
function choices(edge: Edge, weights: Weights, { zonesOf }: Around): Choice[] {
  const replicas = reachable(edge);
  const all: Choice = { zones: undefined, chosen: choose(replicas, weights), share: 1 };
  const callers = [...edge.byCaller].map(([region, shares]) => {
    const zones = zonesOf(region);
    const live = new Map([...shares].filter(([group]) => (weights.get(group) ?? 0) > 0));
    const share = [...shares.values()].reduce((a, b) => a + b, 0);
    return { zones, chosen: choose(replicas, live), share };
  });
  const total = callers.reduce((sum, { share }) => sum + share, 0);
  const complete = callers.every(({ zones, chosen }) => zones !== undefined && chosen.length > 0);
  const few = callers.flatMap(({ zones }) => zones ?? []).length <= MOST_ZONES;
  if (callers.length < 2 || !complete || !few || total <= 0) return [all];
  return callers.map((caller) => ({ ...caller, share: caller.share / total }));
}

function targets(edge: Edge, weights: Weights, around: Around): Target[] {
  const chosen = choices(edge, weights, around);
  return reachable(edge).flatMap(({ name, ip, node }) => {
    const takers = chosen.filter((choice) => choice.chosen.some((replica) => replica.name === name));
    if (takers.length === 0 || ip === undefined) return [];
    const zones = takers.flatMap((choice) => choice.zones ?? []).toSorted();
    const zone = around.zoneOf(node);
    return [
      {
        address: ip,
        port: edge.port,
        node,
        pod: name,
        ...(zone === undefined ? {} : { zone }),
        ...(zones.length === 0 ? {} : { forZones: zones }),
      },
    ];
  });
}

/** EndpointSlices of ours: kube-proxy spreads calls evenly over the replicas that are listed, so shares are k/n. */
export const endpointSubset: BackEnd = {
  mechanism: 'EndpointSubset',
  parent: () => undefined,
  verdict: (edge) =>
    reachable(edge).length === 0
      ? { kind: 'absent', reason: 'NoAddress', message: 'no replica has an address yet' }
      : { kind: 'accepted' },
  front: (edge, around) => ({
    kind: 'targets',
    targets: targets(edge, new Map(edge.wanted.map((w) => [w.group, w.share])), around),
  }),
  programmed: (edge, weights, around) => {
    const shares = new Map<string, number>();
    for (const { chosen, share } of choices(edge, weights, around))
      for (const { group } of chosen) shares.set(group, (shares.get(group) ?? 0) + share / chosen.length);
    return shares;
  },
};
