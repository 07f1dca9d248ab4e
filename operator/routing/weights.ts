import { wholeParts } from '#world/whole-parts.ts';

/** Weights of one rule sum to this: a rounded share is off by less than 1e-4. */
export const TOTAL = 10_000;
/** Gateway API takes no more backends in one rule. */
export const MOST_GROUPS = 16;
/** Shares that differ by less in all are left as they are: half a percent of the calls, of `TOTAL`. */
export const EPSILON = 50;
/** Group that stands for the smallest ones when there are too many; not a legal region name, so it is nobody's. */
export const REST = 'rest.';

/** Whole numbers or shares by group; groups are names of regions. */
export type Weights = ReadonlyMap<string, number>;

/** Share of a group with the pods that can take its calls. */
export interface Wanted {
  readonly group: string;
  /** Share of the calls, not negative; shares need no particular sum. */
  readonly share: number;
  /** Replicas that take calls now. */
  readonly ready: number;
}

const byName = (a: readonly [string, number], b: readonly [string, number]): number => (a[0] < b[0] ? -1 : 1);

/**
 * Whole weights in the proportion of the shares (largest remainder), in order of names; they sum to `total` exactly, or there are
 * none. A group in `least` gets exactly the weight named there, whatever its share: it is on its way in or out.
 */
export function toIntegers(shares: Weights, total = TOTAL, least: Weights = new Map()): Weights {
  const fixed = [...least].filter(([, weight]) => weight > 0);
  const free = [...shares].filter(([group, share]) => share > 0 && !least.has(group)).toSorted(byName);
  const held = fixed.reduce((sum, [, weight]) => sum + weight, 0);
  if (free.length === 0) return new Map(fixed.toSorted(byName));
  const parts = wholeParts(
    free.map(([, share]) => share),
    total - held,
  );
  const weights = free.map(([group], i): [string, number] => [group, parts[i] ?? 0]);
  return new Map([...fixed, ...weights].filter(([, weight]) => weight > 0).toSorted(byName));
}

/** Groups that one weight stands for: each to itself, and beyond `most` the smallest together under `REST`. */
export function mergeSmallest(wanted: readonly Wanted[], most = MOST_GROUPS): ReadonlyMap<string, string> {
  const order = wanted.toSorted((a, b) => b.share - a.share || (a.group < b.group ? -1 : 1));
  const kept = order.length <= most ? order.length : most - 1;
  return new Map(order.map(({ group }, i) => [group, i < kept ? group : REST]));
}

/** Shares of groups that can take calls, by the group that stands for them; they sum to 1, or there are none. */
export function liveShares(wanted: readonly Wanted[], standsFor: ReadonlyMap<string, string>): Weights {
  const live = wanted.filter(({ ready, share }) => ready > 0 && share > 0);
  const sum = live.reduce((total, { share }) => total + share, 0);
  const shares = new Map<string, number>();
  for (const { group, share } of live) {
    const name = standsFor.get(group) ?? group;
    shares.set(name, (shares.get(name) ?? 0) + share / sum);
  }
  return shares;
}

/** How much of the calls goes elsewhere: the sum of differences, in parts of `total` when both are whole weights. */
export function distance(a: Weights, b: Weights): number {
  const groups = new Set([...a.keys(), ...b.keys()]);
  return [...groups].reduce((sum, group) => sum + Math.abs((a.get(group) ?? 0) - (b.get(group) ?? 0)), 0);
}

/** Whole weights as parts per million of their sum, summing to exactly a million (0 without any). */
export function toPpm(weights: Weights): Weights {
  const groups = [...weights].toSorted(byName);
  const parts = wholeParts(
    groups.map(([, weight]) => weight),
    1_000_000,
  );
  return new Map(groups.map(([group], i) => [group, parts[i] ?? 0]));
}
