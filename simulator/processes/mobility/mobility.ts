import { durationMicros } from '#crds/quantity.ts';
import type { City } from '#simulator/city.ts';
import { seedOf, stream } from '#simulator/engine/random.ts';
import type { ExogenousOptions } from '../options.ts';
import type { MobilitySpec } from '../schema/mobility.ts';
import { regionWeights } from '../sources.ts';
import type { Track } from '../traces.ts';
import { attach } from './attachment.ts';
import { fitted } from './fit.ts';
import { replay, waypoint } from './motion.ts';
import type { Motion } from './motion.ts';
import { movementOf } from './movement.ts';
import type { Movement } from './movement.ts';
import { SiteGrid } from './site-grid.ts';

type Moving = Exclude<MobilitySpec, { model: 'none' }>;

const PACES = { static: 0, walking: 0.2, driving: 1, accelerated: 4 };

/** How a city's users move; `undefined` when nobody does. */
export function mobilityOf(
  spec: MobilitySpec,
  city: City,
  { seed, untilMicros }: ExogenousOptions,
  tracks: readonly Track[],
): Movement | undefined {
  if (spec.model === 'none' || city.sites.length === 0) return undefined;
  const grid = new SiteGrid(city.sites);
  const own = seedOf(seed, 'mobility');
  const motions =
    spec.model === 'taxis' ? taxis(spec, city, grid, own, tracks) : trips(spec, city, grid, own);
  const attachments = attach(
    motions,
    city.sites,
    grid,
    { everyMicros: durationMicros(spec.every), hysteresisMetres: spec.hysteresisMetres, untilMicros },
    own,
  );
  return movementOf(city.sites, regionWeights(city), attachments, durationMicros(spec.interruption));
}

/** Each group on a track and from a moment drawn for it. */
function taxis(
  spec: Extract<Moving, { model: 'taxis' }>,
  city: City,
  grid: SiteGrid,
  seed: number,
  tracks: readonly Track[],
): readonly Motion[] {
  const pace = typeof spec.pace === 'number' ? spec.pace : PACES[spec.pace];
  const toPlace = spec.fit === 'stretch' ? fitted(tracks, city.sites, grid) : grid.place.bind(grid);
  return Array.from({ length: spec.groups }, (_, group): Motion => {
    const draw = stream(seed, `group/${group}`);
    const track = tracks[Math.floor(draw() * tracks.length)];
    if (track === undefined) return () => ({ x: 0, y: 0 });
    const length = (track.seconds.at(-1) ?? 0) - (track.seconds[0] ?? 0);
    return replay(track, draw() * length, pace, toPlace);
  });
}

/** Kilometres an hour in metres a second. */
const METRES_PER_SECOND = 1 / 3.6;

function trips(
  { groups, speedKmh, pause }: Extract<Moving, { model: 'waypoint' }>,
  city: City,
  grid: SiteGrid,
  seed: number,
): readonly Motion[] {
  const upTo = Float64Array.from(city.sites, ({ weight }) => weight);
  for (let i = 1; i < upTo.length; i++) upTo[i] = (upTo[i] ?? 0) + (upTo[i - 1] ?? 0);
  const destination = (draw: () => number): { x: number; y: number } => {
    const wanted = draw() * (upTo.at(-1) ?? 0);
    const site = upTo.findIndex((sum) => sum > wanted);
    return grid.places[Math.max(0, site)] ?? { x: 0, y: 0 };
  };
  const [least, most] = speedKmh;
  const law = {
    slowest: least * METRES_PER_SECOND,
    fastest: most * METRES_PER_SECOND,
    pauseMicros: durationMicros(pause),
    destination,
  };
  return Array.from({ length: groups }, (_, group) => waypoint(law, seed, `group/${group}`));
}
