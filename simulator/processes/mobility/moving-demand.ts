import type { MeanDemand } from '../arrivals.ts';
import type { SourceSeat } from '../sources.ts';
import { along, constant } from '../steps.ts';
import type { Steps } from '../steps.ts';
import type { Movement } from './movement.ts';

/** Users of one entry on their way through another: their rate, their whereabouts, and the regions in which they use that entry. */
interface Flow {
  readonly rate: number;
  readonly rows: readonly Float64Array[];
  readonly regions: readonly number[];
  readonly row: Steps;
}

/**
 * Mean requests/s of each source as its DAG's users move. Users enter through their DAG's entry in the region they are in, the one on
 * their own band if there is a choice; where the DAG has no entry, their sessions stay anchored at the entry they belong to.
 */
export function movingDemand(
  seats: readonly SourceSeat[],
  rates: Float64Array,
  movement: Movement,
): MeanDemand {
  const siblings = Map.groupBy(seats.keys(), (i) => seats[i]?.dag);
  return (source) => {
    const flows = (siblings.get(seats[source]?.dag) ?? []).flatMap((owner) =>
      flowOf(seats, owner, source, siblings.get(seats[owner]?.dag) ?? [], rates, movement),
    );
    return flows.length === 0 ? constant(rates[source] ?? 0) : sumOf(flows);
  };
}

function flowOf(
  seats: readonly SourceSeat[],
  owner: number,
  through: number,
  siblings: readonly number[],
  rates: Float64Array,
  { regions, of }: Movement,
): readonly Flow[] {
  const rate = rates[owner] ?? 0;
  const whereabouts = of[regions.indexOf(seats[owner]?.region ?? '')];
  if (whereabouts === undefined) {
    // No site in that region: its users stay.
    const still = { rate, rows: [Float64Array.of(1)], regions: [0], row: constant(0) };
    return owner === through && rate > 0 ? [still] : [];
  }
  const used = [...regions.keys()].filter(
    (at) => entryIn(seats, owner, siblings, regions[at] ?? '') === through,
  );
  if (rate === 0 || used.length === 0) return [];
  const { starts, rows } = whereabouts;
  return [
    { rate, rows, regions: used, row: along({ starts, values: [...starts.keys()], period: Infinity }) },
  ];
}

/** The entry through which the users of `owner` enter when they are in a region. */
function entryIn(
  seats: readonly SourceSeat[],
  owner: number,
  siblings: readonly number[],
  region: string,
): number {
  const own = seats[owner];
  if (own?.region === region) return owner;
  const there = siblings.filter((i) => seats[i]?.region === region);
  return there.find((i) => seats[i]?.band === own?.band) ?? there[0] ?? owner;
}

function sumOf(flows: readonly Flow[]): Steps {
  const steps = {
    value: 0,
    until: 0,
    seek(at: number): void {
      let value = 0;
      let until = Infinity;
      for (const { rate, rows, regions, row } of flows) {
        row.seek(at);
        const shares = rows[row.value];
        for (const region of regions) value += rate * (shares?.[region] ?? 0);
        until = Math.min(until, row.until);
      }
      steps.value = value;
      steps.until = until;
    },
  };
  steps.seek(0);
  return steps;
}
