import { drawAt, seedOf } from '#simulator/engine/random.ts';
import type { Site } from '#simulator/city.ts';
import type { Motion } from './motion.ts';
import type { SiteGrid } from './site-grid.ts';

/** One change of site. */
export interface SiteChange {
  readonly group: number;
  /** When its users feel it: a moment of its own within the step in which it happened. */
  readonly atMicros: number;
  /** Start of that step: demand moves here. */
  readonly stepMicros: number;
  readonly site: number;
}

/** Which sites groups are attached to: at first, and every change, step by step. */
export interface Attachments {
  readonly first: readonly number[];
  readonly changes: readonly SiteChange[];
}

/** How often one looks, and by how many metres another site must be nearer. */
export interface Association {
  readonly everyMicros: number;
  readonly hysteresisMetres: number;
  readonly untilMicros: number;
}

/** Nearest site with hysteresis for every moving group; only sites with a position count. */
export function attach(
  motions: readonly Motion[],
  sites: readonly Site[],
  grid: SiteGrid,
  { everyMicros, hysteresisMetres, untilMicros }: Association,
  seed: number,
): Attachments {
  const moments = seedOf(seed, 'handover-moment');
  const changes: SiteChange[] = [];
  const first: number[] = [];
  const steps = Math.ceil(untilMicros / everyMicros);
  for (const [group, motion] of motions.entries()) {
    let looked = motion(0);
    let { site, metres, nextMetres } = grid.nearest(looked);
    // Far enough from a change that no look is needed until the group has moved so far.
    let free = (nextMetres + hysteresisMetres - metres) / 2;
    first.push(site);
    for (let step = 1; step < steps; step++) {
      const place = motion(step * everyMicros);
      const moved = Math.sqrt(
        (place.x - looked.x) * (place.x - looked.x) + (place.y - looked.y) * (place.y - looked.y),
      );
      if (moved < free) continue;
      looked = place;
      const found = grid.nearest(place);
      const here = grid.metres(site, place);
      if (found.site !== site && found.metres + hysteresisMetres < here) {
        ({ site, metres, nextMetres } = found);
        free = (nextMetres + hysteresisMetres - metres) / 2;
        const stepMicros = step * everyMicros;
        const atMicros = stepMicros + Math.floor(drawAt(moments, step, group) * everyMicros);
        if (sites[site] !== undefined) changes.push({ group, atMicros, stepMicros, site });
      } else {
        const rival = found.site === site ? found.nextMetres : found.metres;
        free = (rival + hysteresisMetres - here) / 2;
      }
    }
  }
  changes.sort((a, b) => a.stepMicros - b.stepMicros || a.group - b.group);
  return { first, changes };
}
