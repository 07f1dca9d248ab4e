import type { InputProblem } from '#crds/input-error.ts';
import { nearest } from '#crds/nearest.ts';
import type { City } from '#simulator/city.ts';
import type { ExogenousSpec } from './schema.ts';
import { sourceSeats } from './sources.ts';
import type { SourceSeat } from './sources.ts';

/** What a spec asks of a city that the city does not have; `file` is the scenario's, empty when there is none. */
export function checkExogenous(spec: ExogenousSpec, city: City, file: string): readonly InputProblem[] {
  const seats = sourceSeats(city);
  const problem = (object: string, field: string, message: string, fix: string): InputProblem => ({
    file,
    line: 0,
    object,
    field,
    message,
    fix,
  });
  return [
    ...rates(spec, seats, problem),
    ...names(spec, city, seats, problem),
    ...places(spec, city, problem),
  ];
}

type Say = (object: string, field: string, message: string, fix: string) => InputProblem;

const RATE = 'requestsPerSecond';

function rates({ arrivals }: ExogenousSpec, seats: readonly SourceSeat[], say: Say): readonly InputProblem[] {
  const without = seats.filter(({ entry }) => entry.requestsPerSecond === undefined);
  const nobody = without.length === seats.length;
  const problems =
    arrivals.space.by === 'tiers' && nobody
      ? []
      : without.map(({ dagKey, ingress }) =>
          say(
            `ServiceDAG ${dagKey}`,
            `spec.ingress[${ingress}].${RATE}`,
            'no rate to simulate',
            'say requests/s',
          ),
        );
  if ((arrivals.crossRegion ?? 0) === 0) return problems;
  const alone = [...Map.groupBy(seats, ({ dagKey }) => dagKey)].filter(
    ([, entries]) => new Set(entries.map(({ region }) => region)).size < 2,
  );
  return [
    ...problems,
    ...alone.map(([dagKey]) =>
      say(
        `ServiceDAG ${dagKey}`,
        'spec.ingress',
        'crossRegion is set, but all users are in one region',
        'add an entry in another region, or leave crossRegion out',
      ),
    ),
  ];
}

function names(
  { arrivals, failures }: ExogenousSpec,
  city: City,
  seats: readonly SourceSeat[],
  say: Say,
): readonly InputProblem[] {
  const nodes = city.nodes.map(({ metadata }) => metadata.name);
  const regions = city.regions.map(({ metadata }) => metadata.name);
  const dags = seats.map(({ dagKey }) => dagKey);
  const links = city.regions.flatMap(({ spec }) =>
    spec.topology.links.map(({ from, to }) => `${from} to ${to}`),
  );
  const known = (
    field: string,
    kind: string,
    name: string,
    all: readonly string[],
  ): readonly InputProblem[] => {
    if (all.includes(name)) return [];
    const near = nearest(name, all);
    const fix = near === undefined ? `take one of the city's` : `did you mean ${near}?`;
    return [say('', field, `no ${kind} "${name}" in ${city.name}`, fix)];
  };
  return [
    ...arrivals.flashCrowds.flatMap((crowd, i) => [
      ...(crowd.regions ?? []).flatMap((name, k) =>
        known(`arrivals.flashCrowds[${i}].regions[${k}]`, 'region', name, regions),
      ),
      ...(crowd.dags ?? []).flatMap((name, k) =>
        known(`arrivals.flashCrowds[${i}].dags[${k}]`, 'DAG', name, dags),
      ),
    ]),
    ...failures.scripted.flatMap((failure, i) => {
      const field = `failures.scripted[${i}]`;
      if ('node' in failure) return known(`${field}.node`, 'node', failure.node, nodes);
      if ('region' in failure) return known(`${field}.region`, 'region', failure.region, regions);
      return known(`${field}.link`, 'link', `${failure.link.from} to ${failure.link.to}`, links);
    }),
  ];
}

function places({ arrivals, mobility }: ExogenousSpec, city: City, say: Say): readonly InputProblem[] {
  const weight = city.sites.reduce((sum, site) => sum + site.weight, 0);
  if (weight > 0) return [];
  const fix = 'give the city sites with a weight above 0';
  return [
    ...(arrivals.space.by === 'ingress'
      ? []
      : [say('', 'arrivals.space.by', `${city.name} has no sites`, fix)]),
    ...(mobility.model === 'none' ? [] : [say('', 'mobility.model', `${city.name} has no sites`, fix)]),
  ];
}
