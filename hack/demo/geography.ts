/** A base-station site that can hold a computer. Degrees, WGS 84. */
export interface Site {
  readonly id: string;
  readonly latitude: number;
  readonly longitude: number;
}

interface Point {
  readonly eastKm: number;
  readonly northKm: number;
}

const KM_PER_DEGREE = 111.195; // of a great circle, on a sphere of 6371 km

/** Distance in km on a plane that touches the earth between both: exact to metres within a city, a few km across a continent. */
export function distanceKm(a: Omit<Site, 'id'>, b: Omit<Site, 'id'>): number {
  const shrink = Math.cos(((a.latitude + b.latitude) / 2) * (Math.PI / 180));
  return Math.hypot(
    (a.latitude - b.latitude) * KM_PER_DEGREE,
    (a.longitude - b.longitude) * KM_PER_DEGREE * shrink,
  );
}

const asPoint = (site: Site, origin: Site): Point => {
  const shrink = Math.cos(origin.latitude * (Math.PI / 180));
  return {
    eastKm: (site.longitude - origin.longitude) * KM_PER_DEGREE * shrink,
    northKm: (site.latitude - origin.latitude) * KM_PER_DEGREE,
  };
};

const gap = (a: Point, b: Point): number => Math.hypot(a.eastKm - b.eastKm, a.northKm - b.northKm);

const argMin = <T>(items: readonly T[], score: (item: T) => number): number => {
  let best = -1;
  let least = Infinity;
  for (const [index, item] of items.entries()) {
    const value = score(item);
    if (value < least) {
      least = value;
      best = index;
    }
  }
  return best;
};

const mean = (points: readonly Point[]): Point => ({
  eastKm: points.reduce((sum, p) => sum + p.eastKm, 0) / points.length,
  northKm: points.reduce((sum, p) => sum + p.northKm, 0) / points.length,
});

/**
 * k-means over the sites, west to east. The first centres are sites at even quantiles of longitude, ties go to the
 * lower index, so the same sites in the same order always give the same clusters.
 */
export function clusterSites(sites: readonly Site[], k: number): Site[][] {
  const [origin] = sites;
  if (origin === undefined || sites.length < k)
    throw new Error(`${k} clusters need at least ${k} sites, got ${sites.length}`);
  const points = sites.map((site) => asPoint(site, origin));
  const eastward = points.toSorted((a, b) => a.eastKm - b.eastKm || a.northKm - b.northKm);
  let centres = Array.from(
    { length: k },
    (_, i) => eastward[Math.floor((eastward.length * (2 * i + 1)) / (2 * k))] ?? mean(points),
  );
  for (let round = 0; round < 1000; round++) {
    const owner = points.map((point) => argMin(centres, (centre) => gap(point, centre)));
    const next = centres.map((centre, c) => {
      const own = points.filter((_, i) => owner[i] === c);
      return own.length === 0 ? centre : mean(own);
    });
    if (next.every((centre, c) => gap(centre, centres[c] ?? centre) === 0)) {
      const order = centres
        .map((centre, c) => ({ centre, c }))
        .sort((a, b) => a.centre.eastKm - b.centre.eastKm);
      return order.map(({ c }) => sites.filter((_, i) => owner[i] === c));
    }
    centres = next;
  }
  throw new Error('k-means did not settle in 1000 rounds');
}

/**
 * `count` sites that cover the cluster: the one nearest its middle (the gateway), then always the site farthest from
 * those already taken. Answered gateway first, the rest by distance from it.
 */
export function pickSites(cluster: readonly Site[], count: number): Site[] {
  const [origin] = cluster;
  if (origin === undefined || cluster.length < count)
    throw new Error(`cannot pick ${count} of ${cluster.length} sites`);
  const points = cluster.map((site) => asPoint(site, origin));
  const middle = mean(points);
  const gateway = argMin(points, (point) => gap(point, middle));
  const taken = [gateway];
  while (taken.length < count) {
    const nearest = (point: Point): number => Math.min(...taken.map((t) => gap(point, points[t] ?? point)));
    taken.push(argMin(points, (point) => -nearest(point)));
  }
  const home = points[gateway] ?? middle;
  const ranked = taken.map((index) => ({ index, km: gap(points[index] ?? home, home) }));
  ranked.sort((a, b) => a.km - b.km || a.index - b.index);
  return ranked.flatMap(({ index }) => cluster[index] ?? []);
}
