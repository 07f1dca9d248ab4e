import { quantity } from '#crds/quantity.ts';
import { seedOf, stream } from '#simulator/engine/random.ts';
import type { ArrivalsSpec } from './schema/arrivals.ts';
import type { SourceSeat } from './sources.ts';

/**
 * Mean requests/s of each source, before anything changes in time: what the ingress says, spread in space, shared between regions,
 * then scaled. Entries without a rate count as 0 (`checkExogenous` refuses them where a rate is needed).
 */
export function meanRates(
  spec: ArrivalsSpec,
  seats: readonly SourceSeat[],
  weights: ReadonlyMap<string, number>,
  seed: number,
): Float64Array {
  const said = Float64Array.from(seats, ({ entry }) => quantity(entry.requestsPerSecond ?? 0));
  const home = spec.crossRegion === undefined ? said : atHome(seats, said);
  const spread = inSpace(spec, seats, weights, home, seed);
  const shared =
    spec.crossRegion === undefined ? spread : acrossRegions(seats, said, spread, spec.crossRegion);
  const sum = shared.reduce((a, b) => a + b, 0);
  const scale = spec.total === undefined || sum === 0 ? spec.scale : (spec.scale * spec.total) / sum;
  return shared.map((rate) => rate * scale);
}

/** Entries by DAG, in order. */
const byDag = (seats: readonly SourceSeat[]): readonly (readonly number[])[] => [
  ...Map.groupBy(seats.keys(), (i) => seats[i]?.dag).values(),
];

const sumOf = (values: Float64Array, which: readonly number[]): number =>
  which.reduce((sum, i) => sum + (values[i] ?? 0), 0);

/** Gives `amount` to the entries in proportion to `by`, evenly when that is 0 throughout. */
function split(to: Float64Array, which: readonly number[], by: Float64Array, amount: number): void {
  const whole = sumOf(by, which);
  for (const i of which) to[i] = amount * (whole > 0 ? (by[i] ?? 0) / whole : 1 / which.length);
}

/** All demand of each DAG at its first entry. */
function atHome(seats: readonly SourceSeat[], rates: Float64Array): Float64Array {
  const home = new Float64Array(seats.length);
  for (const entries of byDag(seats)) home[entries[0] ?? 0] = sumOf(rates, entries);
  return home;
}

/** Each DAG's demand, all of it but `share` at the entries of its first entry's region, the share at the others. */
function acrossRegions(
  seats: readonly SourceSeat[],
  said: Float64Array,
  spread: Float64Array,
  share: number,
): Float64Array {
  const shared = new Float64Array(seats.length);
  for (const entries of byDag(seats)) {
    const region = seats[entries[0] ?? 0]?.region;
    const demand = sumOf(spread, entries);
    const here = entries.filter((i) => seats[i]?.region === region);
    const elsewhere = entries.filter((i) => seats[i]?.region !== region);
    split(shared, here, said, demand * (elsewhere.length === 0 ? 1 : 1 - share));
    split(shared, elsewhere, said, demand * share);
  }
  return shared;
}

function inSpace(
  spec: ArrivalsSpec,
  seats: readonly SourceSeat[],
  weights: ReadonlyMap<string, number>,
  rates: Float64Array,
  seed: number,
): Float64Array {
  const { space } = spec;
  if (space.by === 'ingress') return rates;
  const homes =
    spec.crossRegion === undefined ? [...seats.keys()] : byDag(seats).map(([first]) => first ?? 0);
  const inRegion = Map.groupBy(homes, (i) => seats[i]?.region ?? '');
  const regions = [...inRegion.keys()].sort(
    (a, b) => (weights.get(b) ?? 0) - (weights.get(a) ?? 0) || (a < b ? -1 : 1),
  );
  const wanted = space.by === 'sites' ? siteShares(regions, weights, rates) : tierRates(space, regions, seed);
  const spread = new Float64Array(rates.length);
  for (const [region, entries] of inRegion) split(spread, entries, rates, wanted.get(region) ?? 0);
  return spread;
}

/** The city's whole demand in proportion to what the regions' sites weigh. */
function siteShares(
  regions: readonly string[],
  weights: ReadonlyMap<string, number>,
  rates: Float64Array,
): ReadonlyMap<string, number> {
  const total = rates.reduce((a, b) => a + b, 0);
  const weight = regions.reduce((sum, region) => sum + (weights.get(region) ?? 0), 0);
  return new Map(regions.map((region) => [region, (total * (weights.get(region) ?? 0)) / weight]));
}

/** A rate for each region, drawn from its tier's range; the heaviest regions are urban. */
function tierRates(
  tiers: Extract<ArrivalsSpec['space'], { by: 'tiers' }>,
  regions: readonly string[],
  seed: number,
): ReadonlyMap<string, number> {
  const urban = Math.round(tiers.urban.share * regions.length);
  const medium = Math.round((tiers.urban.share + tiers.medium.share) * regions.length);
  return new Map(
    regions.map((region, rank) => {
      const tier = rank < urban ? tiers.urban : rank < medium ? tiers.medium : tiers.suburban;
      const [least, most] = tier.rate;
      return [region, least + (most - least) * stream(seedOf(seed, 'tier'), region)()];
    }),
  );
}
