import type { Path } from '#crds/finding.ts';
import type { InputProblem } from '#crds/input-error.ts';
import { quantity } from '#crds/quantity.ts';
import type { City } from '#simulator/city.ts';
import { keyOf } from '#world/objects.ts';
import { podRequests } from '#world/requests.ts';
import { snapshotOf } from '#world/snapshot.ts';

/** Makes a problem of the scenario file at a field of it. */
export type Say = (path: Path, message: string, fix: string) => InputProblem;

/** What makes a city impossible to run: no room for its applications, unusable infrastructure, names given twice. */
export function checkCity(city: City, say: Say): InputProblem[] {
  return [...duplicates(city, say), ...capacity(city, say), ...infrastructure(city, say)];
}

function duplicates(city: City, say: Say): InputProblem[] {
  const kinds = {
    servers: city.nodes.map(({ metadata }) => metadata.name),
    regions: city.regions.map(({ metadata }) => metadata.name),
    applications: city.dags.map(keyOf),
    sites: city.sites.map(({ name }) => name),
  };
  return Object.entries(kinds).flatMap(([kind, names]) => {
    const twice = names.find((name, i) => names.indexOf(name) < i);
    if (twice === undefined) return [];
    const field = kind === 'applications' ? ['applications'] : ['city', kind];
    return [say(field, `two ${kind} are called "${twice}"`, 'rename one')];
  });
}

const UNITS = {
  cpu: { unit: 'vCPU', per: 1000 },
  memory: { unit: 'GiB', per: 1_073_741_824 },
} as const;

const shown = (value: number): string => value.toFixed(1).replace(/\.0$/, '');

function capacity(city: City, say: Say): InputProblem[] {
  return (Object.keys(UNITS) as (keyof typeof UNITS)[]).flatMap((resource) => {
    const { unit, per } = UNITS[resource];
    const scale = resource === 'cpu' ? 1000 : 1;
    const offers = city.nodes.map(({ status }) => quantity(status?.allocatable?.[resource] ?? 0) * scale);
    const pods = city.dags.flatMap((dag) =>
      dag.spec.microservices.map((m) => ({
        name: `${keyOf(dag)}/${m.name}`,
        each: podRequests(m.template.spec).get(resource) ?? 0,
        replicas: m.replicas.min,
      })),
    );
    const asked = pods.reduce((sum, { each, replicas }) => sum + each * replicas, 0);
    const there = offers.reduce((a, b) => a + b, 0);
    const largest = Math.max(...offers);
    const tooLarge = pods.find(({ each }) => each > largest);
    return [
      ...(asked > there
        ? [
            say(
              ['applications', 'count'],
              `the applications ask for ${shown(asked / per)} ${unit} and the city has ${shown(there / per)}`,
              'ask for fewer or smaller applications, or for more or larger servers',
            ),
          ]
        : []),
      ...(tooLarge === undefined
        ? []
        : [
            say(
              ['city', resource],
              `${tooLarge.name} asks for ${shown(tooLarge.each / per)} ${unit} and the largest server has ${shown(largest / per)}`,
              'make the servers larger, or the replicas smaller',
            ),
          ]),
    ];
  });
}

/** What the world model refuses or warns about, such as a region without nodes or without a way to the others. */
function infrastructure(city: City, say: Say): InputProblem[] {
  const { nodes, regions, dags } = city;
  const { problems } = snapshotOf({ nodes, regions, dags, pods: [], nowMs: 0 });
  return problems.map(({ object, field, message }) => {
    const [what = message, ...fix] = message.split(': ');
    return say(['city'], `${object}: ${field}: ${what}`, fix.join(': '));
  });
}

/** Bands that classes use and the city does not have. */
export function checkBands(
  scenario: {
    readonly city: { readonly bands: readonly { readonly name: string }[] };
    readonly applications: { readonly classes: Readonly<Record<string, { readonly band: string }>> };
  },
  say: Say,
): InputProblem[] {
  const known = scenario.city.bands.map(({ name }) => name);
  return Object.entries(scenario.applications.classes).flatMap(([name, { band }]) => {
    if (known.includes(band)) return [];
    const path = ['applications', 'classes', name, 'band'];
    return [say(path, `the city has no band "${band}"`, `bands of the city: ${known.join(', ')}`)];
  });
}
