/** A place on a plane around a city's middle, in km, and how much it counts. */
export interface Place {
  readonly eastKm: number;
  readonly northKm: number;
  readonly weight: number;
}

const KM_PER_DEGREE = 111.195; // of a great circle, on a sphere of 6371 km

/** Degrees as km on the plane that touches the earth at `middle`: exact to metres within a city. */
export function placesOf(
  points: readonly { readonly latitude: number; readonly longitude: number; readonly weight: number }[],
): Place[] {
  const middle = points.reduce((sum, { latitude }) => sum + latitude, 0) / points.length;
  const shrink = Math.cos(middle * (Math.PI / 180));
  return points.map(({ latitude, longitude, weight }) => ({
    northKm: (latitude - middle) * KM_PER_DEGREE,
    eastKm: longitude * KM_PER_DEGREE * shrink,
    weight,
  }));
}

/** Squared distance in km². */
export function squaredKm(a: Place, b: Place): number {
  const east = a.eastKm - b.eastKm;
  const north = a.northKm - b.northKm;
  return east * east + north * north;
}

/** Distance in km. */
export const distanceKm = (a: Place, b: Place): number => Math.sqrt(squaredKm(a, b));

/** Index of the place that is nearest to `to`; the first of equals. */
export function nearestPlace(places: readonly Place[], to: Place): number {
  let best = 0;
  let least = Infinity;
  for (let i = 0; i < places.length; i++) {
    const place = places[i];
    const squared = place === undefined ? Infinity : squaredKm(place, to);
    if (squared >= least) continue;
    least = squared;
    best = i;
  }
  return best;
}

/** The weighted middle of places; without weight, the plain one. */
export function middleOf(places: readonly Place[]): Place {
  const weight = places.reduce((sum, place) => sum + place.weight, 0);
  const share = (place: Place): number => (weight > 0 ? place.weight / weight : 1 / places.length);
  return {
    eastKm: places.reduce((sum, place) => sum + place.eastKm * share(place), 0),
    northKm: places.reduce((sum, place) => sum + place.northKm * share(place), 0),
    weight,
  };
}
