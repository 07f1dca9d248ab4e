import type { Place } from './geography.ts';
import { squaredKm } from './geography.ts';

/**
 * Pairs of places that are linked, each lower index first: the Gabriel graph (no third place within the circle whose diameter they
 * are). It holds the minimum spanning tree, so it is connected when places differ, and looks like a metropolitan ring with chords.
 */
export function neighbours(places: readonly Place[]): [number, number][] {
  const pairs: [number, number][] = [];
  for (const [a, from] of places.entries()) {
    for (const [b, to] of places.entries()) {
      if (b <= a) continue;
      const apart = squaredKm(from, to);
      const between = places.some(
        (third, c) => c !== a && c !== b && squaredKm(from, third) + squaredKm(to, third) < apart,
      );
      if (!between) pairs.push([a, b]);
    }
  }
  return pairs;
}
