import { InputError } from '#crds/input-error.ts';
import type { City } from '#simulator/city.ts';
import type { Exogenous } from '#simulator/exogenous.ts';
import { arrivalsOf } from './arrivals.ts';
import { checkExogenous } from './check.ts';
import { meanRates } from './demand.ts';
import { disruptionsOf } from './failures.ts';
import { mobilityOf } from './mobility/mobility.ts';
import { movingDemand } from './mobility/moving-demand.ts';
import type { ExogenousOptions } from './options.ts';
import { radioOf } from './radio.ts';
import type { ExogenousSpec } from './schema.ts';
import { regionWeights, sourceSeats } from './sources.ts';
import { constant } from './steps.ts';
import type { Traces } from './traces.ts';
import { workOf } from './work.ts';

/**
 * Everything that happens to a city under one seed. `traces` are what `readTraces` gives for the same spec. Each part draws from
 * streams of its own, named by source, node or group: changing one part leaves the others as they were. Throws an `InputError` when
 * the spec asks for what the city does not have.
 */
export function exogenousOf(
  spec: ExogenousSpec,
  city: City,
  options: ExogenousOptions,
  traces: Traces,
): Exogenous {
  const problems = checkExogenous(spec, city, '');
  if (problems.length > 0) throw new InputError(problems);
  const seats = sourceSeats(city);
  const { seed } = options;
  const rates = meanRates(spec.arrivals, seats, regionWeights(city), seed);
  const movement = mobilityOf(spec.mobility, city, options, traces.tracks ?? []);
  const mean =
    movement === undefined
      ? (source: number) => constant(rates[source] ?? 0)
      : movingDemand(seats, rates, movement);
  const arrivals = arrivalsOf(spec.arrivals, seats, mean, options, traces);
  return {
    sources: arrivals.sources,
    disruptions: disruptionsOf(spec.failures, city, options),
    radio: radioOf(spec.radio, city, seats, seed, traces, movement?.interruptions),
    work: workOf(spec.work, seats, seed, traces),
    rateAt: arrivals.rateAt,
  };
}
