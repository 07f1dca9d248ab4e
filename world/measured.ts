import type { EdgeRegion } from '#crds/edgeregion.ts';

/** A measurement counts for this long: half as long again as the operator keeps one in status while nobody renews it. */
export const MEASUREMENT_LIFE_MS = 15 * 60_000;

type Row = NonNullable<NonNullable<EdgeRegion['status']>['links']>[number];

const isFresh = ({ at }: Row, nowMs: number): boolean =>
  at !== undefined && Math.abs(nowMs - Date.parse(at)) <= MEASUREMENT_LIFE_MS;

/** The rows of `status.links` of a region that count at `nowMs`. */
export const freshLinks = (region: EdgeRegion, nowMs: number): Row[] =>
  (region.status?.links ?? []).filter((row) => isFresh(row, nowMs));

/**
 * Regions whose links take as long as was measured: the latency of a link is that of the row of `status.links` with the same
 * ends, in the same order and of the same region, while its `at` is within `MEASUREMENT_LIFE_MS` of `nowMs`; what is declared
 * counts otherwise. A link of certain slices is not measured. Regions without measurements are returned as they are.
 */
export function measuredRegions<T extends EdgeRegion>(regions: readonly T[], nowMs: number): T[] {
  return regions.map((region) => {
    const fresh = freshLinks(region, nowMs);
    if (fresh.length === 0) return region;
    const micros = new Map(fresh.map((row) => [`${row.from}>${row.to}`, row.measuredLatencyMicros]));
    const links = region.spec.topology.links.map((link) => {
      const measured = link.slices === undefined ? micros.get(`${link.from}>${link.to}`) : undefined;
      return measured === undefined ? link : { ...link, latency: `${measured}us` };
    });
    return { ...region, spec: { ...region.spec, topology: { ...region.spec.topology, links } } };
  });
}

/** The newest time of a measurement, milliseconds since the epoch; 0 when there is none. Files are a picture of that moment. */
export function newestMeasurementMs(regions: readonly EdgeRegion[]): number {
  const times = regions.flatMap((region) =>
    (region.status?.links ?? []).flatMap(({ at }) => (at === undefined ? [] : Date.parse(at))),
  );
  return times.reduce((newest, at) => (at > newest ? at : newest), 0);
}
