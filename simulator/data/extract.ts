/**
 * Regenerates the extracts that scenarios need from a folder of public data sets:
 *
 *   node simulator/data/extract.ts DIR
 *
 * DIR holds bs-melbourne-eua and callgraphs-mubench; what Nezha measured is taken from hack/demo/data, whose notice says how it was
 * derived. The same DIR gives the same bytes.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rowsOf } from './csv.ts';
import { EXTRACTS } from './folder.ts';

const DEMO = join(import.meta.dirname, '..', '..', 'hack', 'demo', 'data');
const MODELS = ['A', 'B', 'C', 'C-multi', 'D'];

const csv = (columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  `${[columns.join(','), ...rows.map((row) => row.join(','))].join('\n')}\n`;

interface WorkModel {
  readonly [service: string]: {
    readonly teastore_ref?: string;
    readonly external_services: readonly {
      readonly services: readonly string[];
      readonly probabilities?: Readonly<Record<string, number>>;
    }[];
  };
}

/** Sites of the centre, and how many of the generated users are nearest to each (on a plane; the city is 3 km wide). */
function melbourne(dir: string): string {
  const table = (file: string): ReturnType<typeof rowsOf> =>
    rowsOf(readFileSync(join(dir, 'bs-melbourne-eua', file), 'utf8'), file);
  const sites = table('site-optus-melbCBD.csv').map((row) => ({
    id: row.text('SITE_ID'),
    latitude: row.number('LATITUDE'),
    longitude: row.number('LONGITUDE'),
    users: 0,
  }));
  for (const user of table('users-melbcbd-generated.csv')) {
    const squared = (site: { latitude: number; longitude: number }): number => {
      const north = site.latitude - user.number('Latitude');
      const east = (site.longitude - user.number('Longitude')) * Math.cos((-37.81 * Math.PI) / 180);
      return north * north + east * east;
    };
    const nearest = sites.reduce((best, site) => (squared(site) < squared(best) ? site : best));
    nearest.users++;
  }
  return csv(
    ['site_id', 'latitude', 'longitude', 'users'],
    sites.map(({ id, latitude, longitude, users }) => [
      id,
      Number(latitude.toFixed(6)),
      Number(longitude.toFixed(6)),
      users,
    ]),
  );
}

function mubench(dir: string): string {
  const files = [
    ...MODELS.map((m) => ({ app: `mubench-${m.toLowerCase()}`, file: `workmodel${m}.json` })),
    { app: 'teastore', file: 'workmodel-teastore-emulation.json' },
  ];
  const rows = files.flatMap(({ app, file }) => {
    const model = JSON.parse(readFileSync(join(dir, 'callgraphs-mubench', file), 'utf8')) as WorkModel;
    const nameOf = (key: string): string => model[key]?.teastore_ref ?? key;
    return Object.entries(model).flatMap(([key, { external_services: groups }]) =>
      groups.flatMap(({ services, probabilities }) =>
        services
          .map((to) => [app, nameOf(key), nameOf(to), probabilities?.[to] ?? 1] as const)
          .filter(([, , , calls]) => calls > 0),
      ),
    );
  });
  return csv(['app', 'from', 'to', 'calls'], rows);
}

function nezha(): { times: string; calls: string } {
  const table = (file: string): ReturnType<typeof rowsOf> =>
    rowsOf(readFileSync(join(DEMO, file), 'utf8'), file);
  const services = table('boutique-services.csv');
  const invocations = new Map(services.map((row) => [row.text('service'), row.number('invocations')]));
  const times = services.map((row) => [
    row.text('service'),
    row.text('invocations'),
    row.text('self_median_us'),
  ]);
  const calls = table('boutique-calls.csv').map((row) => {
    const each = row.number('calls') / (invocations.get(row.text('from')) ?? 1);
    return [row.text('from'), row.text('to'), Number(each.toFixed(6))];
  });
  return {
    times: csv(['service', 'invocations', 'self_median_us'], times),
    calls: csv(['from', 'to', 'calls'], calls),
  };
}

function main(dir: string | undefined): void {
  if (dir === undefined) {
    console.error('usage: node simulator/data/extract.ts DIR');
    process.exitCode = 2;
    return;
  }
  const { times, calls } = nezha();
  const files = {
    'bs-melbourne-eua/cbd-sites.csv': melbourne(dir),
    'callgraphs-mubench/calls.csv': mubench(dir),
    'traces-onlineboutique-nezha/service-times.csv': times,
    'traces-onlineboutique-nezha/calls.csv': calls,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(EXTRACTS, name)), { recursive: true });
    writeFileSync(join(EXTRACTS, name), text);
  }
}

main(process.argv[2]);
