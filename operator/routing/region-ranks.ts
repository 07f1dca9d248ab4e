import { durationMicros } from '#crds/quantity.ts';
import type { CachedRegion } from '../objects.ts';

/** Least latencies from one region's gateway to the others', microseconds, over the links of all regions. Unreachable ones are left out. */
export function gatewayLatencies(
  regions: readonly CachedRegion[],
  from: string,
): ReadonlyMap<string, number> {
  const arcs = new Map<string, [string, number][]>();
  const add = (a: string, b: string, micros: number): void => {
    arcs.set(a, [...(arcs.get(a) ?? []), [b, micros]]);
  };
  for (const { spec } of regions) {
    for (const link of spec.topology.links) {
      const micros = durationMicros(link.latency);
      add(link.from, link.to, micros);
      if (!link.oneWay) add(link.to, link.from, micros);
    }
  }
  const least = new Map([[from, 0]]);
  const open = new Set([from]);
  while (open.size > 0) {
    let nearest = '';
    for (const name of open)
      if (nearest === '' || (least.get(name) ?? Infinity) < (least.get(nearest) ?? Infinity)) nearest = name;
    open.delete(nearest);
    for (const [to, micros] of arcs.get(nearest) ?? []) {
      const through = (least.get(nearest) ?? Infinity) + micros;
      if (through >= (least.get(to) ?? Infinity)) continue;
      least.set(to, through);
      open.add(to);
    }
  }
  const names = new Set(regions.map(({ metadata }) => metadata.name));
  return new Map([...least].filter(([name]) => name !== from && names.has(name)));
}

/** Ranks of the other regions seen from one, nearest 0; regions at the same distance share a rank. Unreachable ones have none. */
export function regionRanks(regions: readonly CachedRegion[], from: string): ReadonlyMap<string, number> {
  const latencies = gatewayLatencies(regions, from);
  const distances = [...new Set(latencies.values())].toSorted((a, b) => a - b);
  return new Map(
    [...latencies]
      .map(([name, micros]): [string, number] => [name, distances.indexOf(micros)])
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
