import type { EdgeRegion } from '#crds/edgeregion.ts';
import type { KubeNode } from '#crds/node.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';

/** A place where users attach: a base station, in the catchment of one edge server. */
export interface Site {
  readonly name: string;
  /** Name of the EdgeRegion that its traffic enters. */
  readonly region: string;
  /** Name of the nearest node. */
  readonly node: string;
  readonly latitude: number;
  readonly longitude: number;
  /** Share of the city's demand, relative to the other sites. */
  readonly weight: number;
}

/**
 * What a cluster would hold, as the parsers give it: the simulator plans with the objects users write, so that planner and agents
 * see the same snapshot in both. Immutable; what changes in time is in `Exogenous`.
 */
export interface City {
  readonly name: string;
  readonly nodes: readonly KubeNode[];
  readonly regions: readonly EdgeRegion[];
  /** In the order in which they are planned; names are unique. Their ingress carries the mean rates. */
  readonly dags: readonly ServiceDAG[];
  readonly sites: readonly Site[];
}
