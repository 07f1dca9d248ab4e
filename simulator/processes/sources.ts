import type { ServiceDAG } from '#crds/servicedag.ts';
import type { City } from '#simulator/city.ts';
import { keyOf } from '#world/objects.ts';

/** One entry of a DAG's ingress, with a name that does not depend on the rest of the city: its random streams carry it. */
export interface SourceSeat {
  readonly dag: number;
  readonly ingress: number;
  /** `namespace/name` of the DAG. */
  readonly dagKey: string;
  readonly region: string;
  readonly band: string | undefined;
  readonly entry: ServiceDAG['spec']['ingress'][number];
  /** `namespace/name/region/k`, k counting the entries of the DAG in that region. */
  readonly name: string;
}

/** The sources of a city: DAGs in order, their ingress entries in order. */
export function sourceSeats(city: City): readonly SourceSeat[] {
  return city.dags.flatMap((object, dag) => {
    const dagKey = keyOf(object);
    const seen = new Map<string, number>();
    return object.spec.ingress.map((entry, ingress) => {
      const { region, band } = entry;
      const k = seen.get(region) ?? 0;
      seen.set(region, k + 1);
      return { dag, ingress, dagKey, region, band, entry, name: `${dagKey}/${region}/${k}` };
    });
  });
}

/** What the sites of each region weigh together. */
export function regionWeights(city: City): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const { region, weight } of city.sites) weights.set(region, (weights.get(region) ?? 0) + weight);
  return weights;
}
