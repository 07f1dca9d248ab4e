import { InputError } from '#crds/input-error.ts';
import { tableOf } from '#simulator/data/csv.ts';
import type { Row } from '#simulator/data/csv.ts';
import type { DataFolder } from '#simulator/data/folder.ts';
import { normal, stream } from '#simulator/engine/random.ts';
import type { CitySpec } from '../schema/city.ts';

/** A base station. Degrees; weight relative to the others. */
export interface Station {
  readonly name: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly weight: number;
}

/** Base stations of a city, without those without demand. Reads the data folder. Throws an `InputError` on broken rows. */
export function stationsOf(spec: CitySpec['sites'], folder: DataFolder, seed: number): Station[] {
  switch (spec.from) {
    case 'melbourne-cbd':
      return fromTable(tableOf(folder, 'bs-melbourne-eua', 'cbd-sites.csv'), {
        name: 'site_id',
        latitude: 'latitude',
        longitude: 'longitude',
        weight: 'users',
        plus: 1, // a site without generated users still has some
      });
    case 'shanghai':
      return fromTable(tableOf(folder, 'bs-shanghai-telecom', 'base_station_load.csv'), {
        name: 'id',
        latitude: 'latitude',
        longitude: 'longitude',
        weight: 'workload_min',
        plus: 0,
      }).filter(inShanghai);
    case 'milan':
      return fromTable(tableOf(folder, 'bs-milan-opencellid', 'aggregated_bs_data-LTE.csv'), {
        name: 'aggregated_bs_id',
        latitude: 'lat',
        longitude: 'lng',
        weight: 'n_base_stations',
        plus: 0,
        repeats: true, // 28 merged stations are listed again as one of those they were merged from
      });
    default:
      return generated(spec, seed);
  }
}

/** 30 of the stations with sessions carry bad geocodes, as far as 22.5 N and 47.4 N. */
const inShanghai = ({ latitude, longitude }: Station): boolean =>
  latitude >= 30.6 && latitude <= 31.9 && longitude >= 120.8 && longitude <= 122.2;

interface Columns {
  readonly name: string;
  readonly latitude: string;
  readonly longitude: string;
  readonly weight: string;
  readonly plus: number;
  /** Whether a station that is there twice counts once (true) or is an error. */
  readonly repeats?: boolean;
}

function fromTable(rows: readonly Row[], columns: Columns): Station[] {
  const lines = new Map<string, number>();
  return rows
    .flatMap((row) => {
      const name = row.text(columns.name);
      const before = lines.get(name);
      if (before !== undefined && columns.repeats === true) return [];
      if (before !== undefined) throw row.wrong(columns.name, `"${name}" is on line ${before} too`);
      lines.set(name, row.line);
      return {
        name,
        latitude: row.within(columns.latitude, -90, 90),
        longitude: row.within(columns.longitude, -180, 180),
        weight: row.within(columns.weight, 0, 1e12) + columns.plus,
      };
    })
    .filter(({ weight }) => weight > 0);
}

type Generated = Extract<CitySpec['sites'], { from: 'generated' }>;

/** Around hot spots that lie themselves around the origin: normal in both directions, the first hot spots the densest. */
function generated({ count, radiusKm, centres }: Generated, seed: number): Station[] {
  const draw = stream(seed, 'city/stations');
  const degrees = radiusKm / 111.195;
  const spots = Array.from({ length: centres }, (_, i) => ({
    latitude: i === 0 ? 0 : 0.6 * degrees * normal(draw()),
    longitude: i === 0 ? 0 : 0.6 * degrees * normal(draw()),
    weight: 1 / (i + 1),
  }));
  const total = spots.reduce((sum, { weight }) => sum + weight, 0);
  return Array.from({ length: count }, (_, i) => {
    let left = draw() * total;
    const spot = spots.find(({ weight }) => (left -= weight) < 0) ?? spots[0];
    const offset = (): number => 0.35 * degrees * normal(draw());
    return {
      name: `bs-${String(i + 1).padStart(5, '0')}`,
      latitude: (spot?.latitude ?? 0) + offset(),
      longitude: (spot?.longitude ?? 0) + offset(),
      weight: 1,
    };
  });
}

/** Refuses a city with fewer stations than servers. */
export function checkStations(
  stations: readonly Station[],
  spec: CitySpec,
  where: { readonly file: string; readonly line: number },
): void {
  if (stations.length >= spec.servers) return;
  throw new InputError([
    {
      ...where,
      object: '',
      field: 'city.servers',
      message: `${spec.servers} servers need as many stations, and ${spec.sites.from} has ${stations.length}`,
      fix: `write at most ${stations.length}`,
    },
  ]);
}
