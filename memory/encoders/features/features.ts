import type { ServiceDAG } from '#crds/servicedag.ts';
import type { Snapshot } from '#world/snapshot.ts';
import type { GraphFeatures } from './graph.ts';
import { heatMaps } from './heat-maps.ts';
import type { Positions } from './heat-maps.ts';
import { requestFeatures, serviceFeatures } from './service-graph.ts';
import { telemetryFeatures } from './telemetry.ts';
import type { Sample } from './telemetry.ts';
import { topologyFeatures } from './topology.ts';

/** All an encoder may look at before a plan is made: raw, unpadded, in the columns that the column lists name. */
export interface Features {
  readonly services: GraphFeatures;
  readonly topology: GraphFeatures;
  readonly request: Float32Array;
  /** Oldest first; as many rows as there are samples, at most `WINDOW`. */
  readonly telemetry: Float32Array;
  readonly maps: Float32Array;
}

/** What is known when a DAG is to be planned. */
export interface Situation {
  readonly snapshot: Snapshot;
  readonly dag: ServiceDAG;
  /** Every DAG of the world: where its users are. */
  readonly dags: readonly ServiceDAG[];
  /** Of this DAG, oldest first; empty when it has not run yet. */
  readonly telemetry: readonly Sample[];
  readonly positions: Positions;
}

/** The numbers of a situation. Pure; independent of the order in which nodes, links and DAGs are listed but for the order of the rows. */
export function featuresOf({ snapshot, dag, dags, telemetry, positions }: Situation): Features {
  return {
    services: serviceFeatures(dag),
    topology: topologyFeatures(snapshot, dag),
    request: requestFeatures(snapshot, dag),
    telemetry: telemetryFeatures(telemetry),
    maps: heatMaps(snapshot, dag, dags, positions),
  };
}
