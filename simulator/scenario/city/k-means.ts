import { stream } from '#simulator/engine/random.ts';
import type { Place } from './geography.ts';
import { middleOf, nearestPlace, squaredKm } from './geography.ts';

const ROUNDS = 60;

/**
 * Weighted k-means (Lloyd's rounds from k-means++ seeds): the cluster of each place, 0 to k-1 from west to east. Its own fixed
 * stream makes it a function of the places alone. No cluster is empty as long as there are k different places.
 */
export function clustersOf(places: readonly Place[], k: number): Int32Array {
  let centres = seeds(places, k);
  let owner = ownersOf(places, centres);
  for (let round = 0; round < ROUNDS; round++) {
    centres = moved(places, owner, centres);
    const next = ownersOf(places, centres);
    const settled = next.every((c, i) => c === owner[i]);
    owner = next;
    if (settled) break;
  }
  const order = [...centres.keys()].toSorted((a, b) => compare(centres[a], centres[b]));
  const rank = new Map(order.map((cluster, at) => [cluster, at]));
  return owner.map((cluster) => rank.get(cluster) ?? 0);
}

const compare = (a: Place | undefined, b: Place | undefined): number =>
  (a?.eastKm ?? 0) - (b?.eastKm ?? 0) || (a?.northKm ?? 0) - (b?.northKm ?? 0);

const ownersOf = (places: readonly Place[], centres: readonly Place[]): Int32Array =>
  Int32Array.from(places, (place) => nearestPlace(centres, place));

/** The first seed by weight, each further one by weight times squared distance from the seeds so far. */
function seeds(places: readonly Place[], k: number): Place[] {
  const next = stream(0, 'k-means');
  const score = Float64Array.from(places, (place) => place.weight);
  const distance = new Float64Array(places.length).fill(Infinity);
  const chosen: Place[] = [];
  while (chosen.length < k) {
    const seed = places[pick(score, next())];
    if (seed === undefined) break;
    chosen.push(seed);
    for (const [i, place] of places.entries()) {
      distance[i] = Math.min(distance[i] ?? 0, squaredKm(place, seed));
      score[i] = (distance[i] ?? 0) * place.weight;
    }
  }
  return chosen;
}

/** Index drawn in proportion to the scores. */
function pick(scores: Float64Array, u: number): number {
  const total = scores.reduce((a, b) => a + b, 0);
  let left = u * total;
  for (let i = 0; i < scores.length; i++) {
    left -= scores[i] ?? 0;
    if (left < 0) return i;
  }
  return scores.findLastIndex((score) => score > 0);
}

/** Centres moved to the middle of what they own; one that owns nothing takes the place farthest from its own centre. */
function moved(places: readonly Place[], owner: Int32Array, centres: readonly Place[]): Place[] {
  const owned = centres.map((): Place[] => []);
  for (const [i, place] of places.entries()) owned[owner[i] ?? 0]?.push(place);
  const gap = (i: number): number => {
    const [place, centre] = [places[i], centres[owner[i] ?? 0]];
    return place === undefined || centre === undefined ? 0 : squaredKm(place, centre);
  };
  let farthest: number[] | undefined;
  return owned.map((own, c) => {
    if (own.length > 0) return middleOf(own);
    farthest ??= [...places.keys()].toSorted((a, b) => gap(b) - gap(a));
    return places[farthest.shift() ?? 0] ?? centres[c] ?? middleOf(places);
  });
}
