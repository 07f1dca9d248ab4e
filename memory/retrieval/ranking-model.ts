import type { CompositeModel, PartWeight } from './composite.ts';
import type { Projection } from './expected.ts';
import type { PruningWeights } from './prune.ts';

/** Everything that decides the order. */
export interface RankingModel extends CompositeModel {
  readonly pruning: PruningWeights;
  /** W_q of Eq. 1; without it q' is a regression over the retrieved. */
  readonly projection?: Projection;
  /** Share of the relevance of Eq. 2 in the score; the rest is the composite similarity, pruned by the mean α. */
  readonly relevance: number;
  /** Spread of scores over which the weights of what was retrieved fall by e. */
  readonly temperature: number;
}

/** A part that has no say. */
const SILENT: PartWeight = { weight: 0, power: 1 };

/**
 * Weights that were set, not learned, for an encoder that nothing was trained for: a node or edge counts the less the farther it is
 * from what is expected and the older it is, and the more when it is matched.
 */
export const SET_MODEL: RankingModel = {
  composite: {
    dag: { weight: 0.4, power: 1 },
    placement: { weight: 0.2, power: 1 },
    vector: { weight: 0.4, power: 1 },
    load: SILENT,
    limit: SILENT,
    utility: SILENT,
    latency: SILENT,
    busy: SILENT,
    metric: SILENT,
  },
  pruning: {
    //                 distance, in, out, entry, leaf, matched, busier, age
    node: {
      inputs: 8,
      first: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
      firstBias: [0, 0, 0],
      second: [-3, 1.5, -2],
      secondBias: 2,
    },
    //                 distance, hops, matched, age
    edge: {
      inputs: 4,
      first: [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
      firstBias: [0, 0, 0],
      second: [-3, 1.5, -2],
      secondBias: 2,
    },
  },
  relevance: 0.2,
  temperature: 0.1,
};
