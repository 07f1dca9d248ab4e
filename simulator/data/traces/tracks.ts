import type { Track } from '#simulator/processes/traces.ts';
import type { DataFolder } from '../folder.ts';
import { linesOf } from './lines.ts';
import type { Layout, Line } from './lines.ts';

/** Sets of tracks. */
export type TrackSet = 'mobility-shanghai-taxi' | 'mobility-sf-cabspotting';

/** How the fixes of a set are written. */
interface Format {
  readonly files: readonly string[];
  readonly layout: Layout;
  readonly fix: (line: Line) => {
    readonly seconds: number;
    readonly latitude: number;
    readonly longitude: number;
  };
}

const FORMATS: Readonly<Record<TrackSet, Format>> = {
  'mobility-shanghai-taxi': {
    files: [90349, 92444, 94747, 95043, 95643, 95967, 96057, 97012, 9814, 9874].map(
      (id) => `Taxi_${id}.csv.gz`,
    ),
    layout: { separator: ',', cells: 7 },
    fix: (line) => ({
      seconds: line.moment(1, 'time'),
      longitude: line.amount(2, 'longitude', -180, 180),
      latitude: line.amount(3, 'latitude', -90, 90),
    }),
  },
  'mobility-sf-cabspotting': {
    files: ['abboip', 'aiwalb', 'akgicjud', 'ugthfu', 'uvreoipy'].map((id) => `new_${id}.txt.gz`),
    layout: { separator: ' ', cells: 4 },
    fix: (line) => ({
      seconds: line.amount(3, 'time', 0, 1e11),
      latitude: line.amount(0, 'latitude', -90, 90),
      longitude: line.amount(1, 'longitude', -180, 180),
    }),
  },
};

/** A longer time without a fix counts as this long: a cab that is off for a night does not creep across the city. */
const LONGEST_GAP_SECONDS = 600;

/** All tracks of a set; seconds are from the first fix. */
export function tracksOf(folder: DataFolder, set: TrackSet): readonly Track[] {
  const { files, layout, fix } = FORMATS[set];
  return files.map((file) => {
    const lines = linesOf(folder.text(set, file), `${set}/${file}`, layout);
    const track = {
      seconds: new Float64Array(lines.length),
      latitude: new Float64Array(lines.length),
      longitude: new Float64Array(lines.length),
    };
    let before = Number.NaN;
    for (const [i, line] of lines.entries()) {
      const { seconds, latitude, longitude } = fix(line);
      if (seconds <= before) throw line.wrong('time', 'is not after the row before');
      if (i > 0)
        track.seconds[i] = (track.seconds[i - 1] ?? 0) + Math.min(LONGEST_GAP_SECONDS, seconds - before);
      before = seconds;
      track.latitude[i] = latitude;
      track.longitude[i] = longitude;
    }
    return track;
  });
}
