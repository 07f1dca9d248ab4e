import { quantity } from '#crds/quantity.ts';
import type { KubeNode } from '#crds/node.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { keyOf } from '#world/objects.ts';
import { ledgerWithout } from '#world/snapshot.ts';
import type { Snapshot } from '#world/snapshot.ts';
import { COLUMNS, GRID, scaled } from './columns.ts';

/** Where nodes stand, degrees, by name. */
export type Positions = ReadonlyMap<string, { readonly latitude: number; readonly longitude: number }>;

/** Positions from the annotations `edgeloom.dev/latitude` and `edgeloom.dev/longitude`; nodes without both, or with nonsense, are left out. */
export function positionsOf(nodes: readonly KubeNode[]): Positions {
  const positions = new Map<string, { latitude: number; longitude: number }>();
  for (const { metadata } of nodes) {
    const [latitude, longitude] = ['latitude', 'longitude'].map((word) =>
      Number.parseFloat(metadata.annotations?.[`edgeloom.dev/${word}`] ?? ''),
    ) as [number, number];
    if (Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)
      positions.set(metadata.name, { latitude, longitude });
  }
  return positions;
}

const CHANNELS = COLUMNS.maps.length;

/**
 * The city from above, `GRID` × `GRID` cells of `CHANNELS`: processors, their claimed share, requests/s of all users (spread over the nodes
 * of the region they enter), own replicas. All zero where no node has a position.
 */
export function heatMaps(
  snapshot: Snapshot,
  dag: ServiceDAG,
  dags: readonly ServiceDAG[],
  positions: Positions,
): Float32Array {
  const maps = new Float32Array(GRID * GRID * CHANNELS);
  const cells = cellsOf(snapshot, positions);
  if (cells.size === 0) return maps;
  const { resources, allocatable } = snapshot;
  const cpu = resources.indexOf('cpu');
  const { used } = ledgerWithout(snapshot, undefined);
  const users = new Map<string, number>();
  for (const { spec } of dags)
    for (const { region, requestsPerSecond } of spec.ingress)
      users.set(region, (users.get(region) ?? 0) + quantity(requestsPerSecond ?? '0'));
  const members = new Map<string, number>();
  for (const h of cells.keys()) {
    const region = snapshot.hosts[h]?.region ?? '';
    members.set(region, (members.get(region) ?? 0) + 1);
  }
  const own = snapshot.placed.get(keyOf(dag)) ?? [];
  const sums = new Float64Array(maps.length);
  for (const [h, cell] of cells) {
    const region = snapshot.hosts[h]?.region ?? '';
    const at = h * resources.length + cpu;
    const values = [
      allocatable[at] ?? 0,
      used[at] ?? 0,
      (users.get(region) ?? 0) / (members.get(region) ?? 1),
      own.filter(({ host }) => host === h).length,
    ];
    for (const [c, value] of values.entries())
      sums[cell * CHANNELS + c] = (sums[cell * CHANNELS + c] ?? 0) + value;
  }
  for (let cell = 0; cell < GRID * GRID; cell++) {
    const [capacity = 0, load = 0, rate = 0, replicas = 0] = sums.subarray(
      cell * CHANNELS,
      (cell + 1) * CHANNELS,
    );
    const row = [scaled(capacity), capacity > 0 ? load / capacity : 0, scaled(rate), scaled(replicas)];
    maps.set(row, cell * CHANNELS);
  }
  return maps;
}

/** The cell of every edge host that has a position, in the box around all of them. */
function cellsOf({ hosts }: Snapshot, positions: Positions): Map<number, number> {
  const placed = [...hosts.entries()].flatMap(([h, { name, tier }]) => {
    const at = positions.get(name);
    return at === undefined || tier === 'Cloud' ? [] : [{ h, x: at.longitude, y: at.latitude }];
  });
  const axis = (of: (p: (typeof placed)[number]) => number): ((p: (typeof placed)[number]) => number) => {
    const low = placed.reduce((least, p) => Math.min(least, of(p)), Infinity);
    const high = placed.reduce((most, p) => Math.max(most, of(p)), -Infinity);
    return (p) =>
      high > low ? Math.min(GRID - 1, Math.floor(((of(p) - low) / (high - low)) * GRID)) : GRID >> 1;
  };
  const [column, row] = [axis((p) => p.x), axis((p) => p.y)];
  return new Map(placed.map((p) => [p.h, row(p) * GRID + column(p)]));
}
