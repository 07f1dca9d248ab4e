import type { Site } from '#simulator/city.ts';
import type { Track } from '../traces.ts';
import type { ToPlace } from './motion.ts';
import type { SiteGrid } from './site-grid.ts';

/** Share of the recorded positions on each side that the fit leaves outside: a few are far from the city. */
const OUTSIDE = 0.02;

/** Maps the box of the recorded positions, outliers apart, onto the box of the sites; each axis by itself. */
export function fitted(tracks: readonly Track[], sites: readonly Site[], grid: SiteGrid): ToPlace {
  const latitude = axis(
    tracks.flatMap((track) => [...track.latitude]),
    sites.map((site) => site.latitude),
  );
  const longitude = axis(
    tracks.flatMap((track) => [...track.longitude]),
    sites.map((site) => site.longitude),
  );
  return (lat, long) => grid.place(latitude(lat), longitude(long));
}

function axis(recorded: number[], sites: readonly number[]): (degrees: number) => number {
  recorded.sort((a, b) => a - b);
  const from = recorded[Math.floor(OUTSIDE * recorded.length)] ?? 0;
  const to = recorded[Math.ceil((1 - OUTSIDE) * recorded.length) - 1] ?? from;
  const [least, most] = [Math.min(...sites), Math.max(...sites)];
  const scale = to === from ? 0 : (most - least) / (to - from);
  return (degrees) => least + (degrees - from) * scale;
}
