import type { Site } from '#simulator/city.ts';
import type { Attachments } from './attachment.ts';
import { Interruptions } from './interruptions.ts';
import type { Handover } from './interruptions.ts';

/** Where the users of one region are as time goes on. */
export interface Whereabouts {
  /** Moments at which a row begins to hold, the first 0. */
  readonly starts: readonly number[];
  /** Shares of the region's users by the region they are in, in the order of `Movement.regions`. */
  readonly rows: readonly Float64Array[];
}

/** Users on the move: where each region's users are, and the handovers they feel. */
export interface Movement {
  readonly regions: readonly string[];
  /** Of the users of each region, in the order of `regions`. */
  readonly of: readonly Whereabouts[];
  readonly interruptions: Interruptions;
  readonly handovers: number;
}

/** One group of users: what it weighs, where it belongs and where it is. */
interface Group {
  readonly weight: number;
  readonly home: number;
  region: number;
}

/**
 * Demand that follows the groups. A group belongs to the region it is in at time 0; the groups of a region stand for equal shares of
 * its users, and the users of a region without a group stay.
 */
export function movementOf(
  sites: readonly Site[],
  weights: ReadonlyMap<string, number>,
  { first, changes }: Attachments,
  interruptionMicros: number,
): Movement {
  const regions = [...weights.keys()].sort();
  const number = new Map(regions.map((name, i) => [name, i]));
  const regionOf = (site: number): number => number.get(sites[site]?.region ?? '') ?? 0;
  const members = new Float64Array(regions.length);
  for (const site of first) members[regionOf(site)] = (members[regionOf(site)] ?? 0) + 1;
  const groups = first.map((site): Group => {
    const home = regionOf(site);
    return { home, region: home, weight: (weights.get(regions[home] ?? '') ?? 0) / (members[home] ?? 1) };
  });

  const present = Float64Array.from(regions, (name) => weights.get(name) ?? 0);
  /** Groups by home and by where they are: whole numbers, so that nothing drifts. */
  const counts = regions.map((_, home) =>
    new Float64Array(regions.length).fill(members[home] ?? 0, home, home + 1),
  );
  const starts = regions.map(() => [0]);
  const rows = regions.map((_, home) => [Float64Array.from(regions, (_, at) => (at === home ? 1 : 0))]);
  const felt = new Map<string, Handover[]>();
  for (const { group: index, atMicros, stepMicros, site } of changes) {
    const group = groups[index];
    if (group === undefined) continue;
    const { home, weight, region: before } = group;
    const after = regionOf(site);
    if (after !== before) {
      group.region = after;
      shift(present, before, after, weight);
      const row = counts[home];
      if (row !== undefined) {
        shift(row, before, after, 1);
        const shares = Float64Array.from(row, (count) => count / (members[home] ?? 1));
        keep(starts[home] ?? [], rows[home] ?? [], stepMicros, shares);
      }
    }
    const name = regions[after] ?? '';
    const whole = present[after] ?? 0;
    const list = felt.get(name) ?? [];
    list.push({ atMicros, share: whole > 0 ? Math.min(1, weight / whole) : 0 });
    felt.set(name, list);
  }
  for (const list of felt.values()) list.sort((a, b) => a.atMicros - b.atMicros);
  return {
    regions,
    of: regions.map((_, home) => ({ starts: starts[home] ?? [], rows: rows[home] ?? [] })),
    interruptions: new Interruptions(interruptionMicros, felt),
    handovers: changes.length,
  };
}

function shift(row: Float64Array, from: number, to: number, amount: number): void {
  row[from] = Math.max(0, (row[from] ?? 0) - amount);
  row[to] = (row[to] ?? 0) + amount;
}

/** The row from that moment on; a second change at the same moment replaces the first. */
function keep(starts: number[], rows: Float64Array[], atMicros: number, row: Float64Array): void {
  if (starts.at(-1) === atMicros) rows[rows.length - 1] = row;
  else {
    starts.push(atMicros);
    rows.push(row);
  }
}
