import type { TopLevelSpec } from 'vega-lite';
import { ANNOTATIONS } from '#crds/meta.ts';
import type { City } from '../../city.ts';
import type { RunResult } from '../../result.ts';
import { mean } from '../../statistics/moments.ts';
import { LOOK } from './render.ts';

const WIDTH = 240;
const COLUMNS = 3;

/**
 * How busy each server is, on the map: one map per orchestrator, mean over the replications, small dots are the sites where users
 * attach. Servers without a place (a cloud) are left out. Undefined for a city whose servers have no places.
 */
export function utilisationMap(
  scenario: string,
  city: City,
  runs: readonly RunResult[],
): TopLevelSpec | undefined {
  const places = city.nodes.map(({ metadata }) => {
    const at = (name: string): number => Number(metadata.annotations?.[name] ?? NaN);
    return { latitude: at(ANNOTATIONS.latitude), longitude: at(ANNOTATIONS.longitude) };
  });
  const known = places.filter(
    ({ latitude, longitude }) => Number.isFinite(latitude) && Number.isFinite(longitude),
  );
  if (known.length === 0) return undefined;
  const names = [...new Set(runs.map(({ orchestrator }) => orchestrator))];
  const servers = names.flatMap((orchestrator) => {
    const own = runs.filter((run) => run.orchestrator === orchestrator);
    return places.flatMap((place, i) =>
      Number.isFinite(place.latitude)
        ? [{ orchestrator, ...place, utilisation: mean(own.map((run) => run.nodeUtilisation[i] ?? 0)) }]
        : [],
    );
  });
  const sites = names.flatMap((orchestrator) =>
    city.sites.map(({ latitude, longitude }) => ({ orchestrator, latitude, longitude })),
  );
  const everything = [...known, ...city.sites];
  const range = (of: (p: { latitude: number; longitude: number }) => number): [number, number] => {
    const values = everything.map(of);
    const low = values.reduce((a, b) => Math.min(a, b), Infinity);
    const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
    const margin = 0.04 * (high - low) || 0.001;
    return [low - margin, high + margin];
  };
  const latitudes = range(({ latitude }) => latitude);
  const longitudes = range(({ longitude }) => longitude);
  const squeeze = Math.cos((mean(latitudes) * Math.PI) / 180);
  const shape = (latitudes[1] - latitudes[0]) / ((longitudes[1] - longitudes[0]) * squeeze);
  const narrow = longitudes[1] - longitudes[0] < 0.2;
  const axis = { tickCount: 3, format: narrow ? '.3f' : '.2f', grid: false } as const;
  const x = {
    field: 'longitude',
    type: 'quantitative',
    scale: { domain: longitudes, nice: false },
    axis: { ...axis, title: 'longitude' },
  } as const;
  const y = {
    field: 'latitude',
    type: 'quantitative',
    scale: { domain: latitudes, nice: false },
    axis: { ...axis, title: 'latitude' },
  } as const;
  return {
    ...LOOK,
    title: `${scenario}: CPU utilisation of the servers`,
    data: { values: [...sites, ...servers] },
    facet: { field: 'orchestrator', type: 'nominal', sort: names, title: null },
    columns: COLUMNS,
    spec: {
      width: WIDTH,
      height: Math.round(WIDTH * Math.min(2, Math.max(0.5, shape))),
      layer: [
        {
          transform: [{ filter: '!isValid(datum.utilisation)' }],
          mark: { type: 'point', filled: true, size: 4, color: '#bbb', opacity: 0.6 },
          encoding: { x, y },
        },
        {
          transform: [{ filter: 'isValid(datum.utilisation)' }],
          mark: {
            type: 'point',
            filled: true,
            size: servers.length / names.length > 80 ? 45 : 110,
            stroke: '#444',
            strokeWidth: 0.5,
            opacity: 0.95,
          },
          encoding: {
            x,
            y,
            color: {
              field: 'utilisation',
              type: 'quantitative',
              scale: { scheme: 'yelloworangered', domainMin: 0 },
              legend: { title: 'CPU busy', format: '.0%' },
            },
          },
        },
      ],
    },
  };
}
