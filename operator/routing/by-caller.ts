import type { Drained } from './drain.ts';
import type { Edge } from './edge.ts';
import { distance, EPSILON, toIntegers, TOTAL } from './weights.ts';
import type { Weights } from './weights.ts';

/** Whole weights of an edge by the region of the caller. */
export type ByCaller = ReadonlyMap<string, Weights>;

/**
 * What callers of each region are to be told, when the plan sends calls of more than one: their own shares over groups that can take
 * calls. A group that comes or goes has the weight of its stand, as for everybody; a region none of whose groups is in use is left
 * out, and goes by the weights for all. Differences below `EPSILON` are not told. Pure.
 */
export function weightsByCaller(
  before: ByCaller,
  edge: Pick<Edge, 'wanted' | 'byCaller'>,
  standsFor: ReadonlyMap<string, string>,
  { stands, weights }: Drained,
): ByCaller {
  if (edge.byCaller.size < 2) return new Map();
  const ready = new Set(edge.wanted.filter((w) => w.ready > 0).map(({ group }) => group));
  const least = new Map([...stands].flatMap(([group, { phase }]) => (phase === 'live' ? [] : [[group, weights.get(group) ?? 0]]))); // prettier-ignore
  const made = [...edge.byCaller].flatMap(([region, wanted]): [string, Weights][] => {
    const shares = new Map<string, number>();
    for (const [group, share] of wanted) {
      const name = standsFor.get(group) ?? group;
      const isInUse = ready.has(group) && stands.get(name)?.phase === 'live';
      if (isInUse && share > 0) shares.set(name, (shares.get(name) ?? 0) + share);
    }
    if (shares.size === 0) return [];
    const own = toIntegers(shares, TOTAL, least);
    const was = before.get(region);
    const isSame = was?.size === own.size && [...own.keys()].every((group) => was.has(group));
    return [[region, isSame && distance(was, own) <= EPSILON ? was : own]];
  });
  return new Map(made.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Shares of all calls that weights by caller come to, where each region calls as often as the plan says. Pure. */
export function inAll(edge: Pick<Edge, 'byCaller'>, byCaller: ByCaller, weights: Weights): Weights {
  if (byCaller.size === 0) return weights;
  const shares = new Map<string, number>();
  for (const [region, wanted] of edge.byCaller) {
    const calls = [...wanted.values()].reduce((a, b) => a + b, 0);
    const own = byCaller.get(region) ?? weights;
    const sum = [...own.values()].reduce((a, b) => a + b, 0);
    if (sum > 0)
      for (const [group, weight] of own) shares.set(group, (shares.get(group) ?? 0) + (calls * weight) / sum);
  }
  return shares;
}
