import type { ServiceDAG } from '#crds/servicedag.ts';
import type { Site } from '#simulator/city.ts';
import type { DataFolder } from '#simulator/data/folder.ts';
import { stream } from '#simulator/engine/random.ts';
import type { Stream } from '#simulator/engine/random.ts';
import type { Scenario } from '../schema.ts';
import type { ApplicationsSpec } from '../schema/applications.ts';
import { applicationOf } from './application.ts';
import type { Audience } from './application.ts';
import { graphSource } from './graphs.ts';
import { nezhaTimes } from './shipped.ts';

/** A class for which the graphs at hand have no graph of its size. */
export class NoGraph extends Error {
  override readonly name = 'NoGraph';
  readonly className: string;
  constructor(className: string) {
    super(`no call graph has so many stages as class ${className} asks for`);
    this.className = className;
  }
}

/**
 * The applications of a city, in the order in which they are planned. Each draws from a stream of its own, so that more of them
 * leave the first ones as they were. Homes are drawn by what the regions' sites weigh. Throws `NoGraph`.
 */
export function applicationsOf(
  { applications, city }: Scenario,
  sites: readonly Site[],
  folder: DataFolder,
  seed: number,
): ServiceDAG[] {
  const source = graphSource(applications.graphs, folder);
  const classes = Object.values(applications.classes);
  const times = classes.some(({ work }) => work.from === 'nezha') ? [...nezhaTimes(folder).values()] : [];
  const regions = regionsOf(sites);
  const counts = new Map<string, number>();
  return classOrder(applications).map((className, i) => {
    const draw = stream(seed, `application/${i}`);
    const spec = applications.classes[className];
    const graph = spec === undefined ? undefined : source(spec.stages, draw);
    if (spec === undefined || graph === undefined) throw new NoGraph(className);
    const number = (counts.get(className) ?? 0) + 1;
    counts.set(className, number);
    return applicationOf(
      {
        name: `${className}-${String(number).padStart(2, '0')}`,
        tenant: `tenant-${(i % applications.tenants) + 1}`,
        className,
        spec,
        graph,
        audience: audienceOf(applications, regions, draw),
        city,
        times,
      },
      draw,
    );
  });
}

/** The class of each application: at every moment the shares so far are as near as can be to those asked for. */
export function classOrder({ classes, count }: Pick<ApplicationsSpec, 'classes' | 'count'>): string[] {
  const given = new Map<string, number>();
  return Array.from({ length: count }, (_, i) => {
    const owed = Object.entries(classes).map(([name, { share }]) => ({
      name,
      owed: share * (i + 1) - (given.get(name) ?? 0),
    }));
    const { name } = owed.reduce((most, next) => (next.owed > most.owed + 1e-9 ? next : most));
    given.set(name, (given.get(name) ?? 0) + 1);
    return name;
  });
}

interface Weighted {
  readonly region: string;
  readonly weight: number;
}

function regionsOf(sites: readonly Site[]): Weighted[] {
  const weights = new Map<string, number>();
  for (const { region, weight } of sites) weights.set(region, (weights.get(region) ?? 0) + weight);
  return [...weights]
    .map(([region, weight]) => ({ region, weight }))
    .toSorted((a, b) => (a.region < b.region ? -1 : 1));
}

/** A home, and one or two other regions that share the cross-region part. */
function audienceOf({ crossRegion }: ApplicationsSpec, regions: readonly Weighted[], draw: Stream): Audience {
  const cross = crossRegion[0] + (crossRegion[1] - crossRegion[0]) * draw();
  const home = pick(regions, draw);
  const others = regions.filter(({ region }) => region !== home);
  const guests = Math.min(others.length, draw() < 0.5 ? 1 : 2);
  const first = pick(others, draw);
  const second = pick(
    others.filter(({ region }) => region !== first),
    draw,
  );
  const away = [first, second].slice(0, guests);
  if (cross === 0 || guests === 0) return [{ region: home, share: 1 }];
  return [{ region: home, share: 1 - cross }, ...away.map((region) => ({ region, share: cross / guests }))];
}

function pick(regions: readonly Weighted[], draw: Stream): string {
  let left = draw() * regions.reduce((sum, { weight }) => sum + weight, 0);
  return (regions.find(({ weight }) => (left -= weight) < 0) ?? regions.at(-1))?.region ?? '';
}
