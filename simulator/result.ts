/** What one run leaves: plain JSON, a few hundred kilobytes at most, from which every table and picture is made. */
export interface RunResult {
  readonly version: 1;
  readonly scenario: string;
  /** Digest of the scenario as it was run: results of different ones are never mixed. */
  readonly scenarioDigest: string;
  readonly orchestrator: string;
  readonly seed: number;
  readonly replication: number;
  /** Simulated time, the part that is cut off as warm-up, and the share of it in which requests were drawn. */
  readonly simulatedMicros: number;
  readonly warmupMicros: number;
  readonly sampledShare: number;
  readonly events: number;
  /** After the warm-up: all requests, and the same per DAG, class and tenant. */
  readonly total: RequestTotals;
  readonly byDag: Readonly<Record<string, RequestTotals>>;
  readonly byClass: Readonly<Record<string, RequestTotals>>;
  readonly byTenant: Readonly<Record<string, RequestTotals>>;
  /** One entry per period, warm-up included. */
  readonly timeline: readonly Period[];
  /** Mean utilisation of each node's CPU by work, in the order of the city's nodes. */
  readonly nodeUtilisation: readonly number[];
  /** Replicas started elsewhere than where one was stopped, after the first placement. */
  readonly moves: number;
  /** Wall time of each decision; the only figures that are not reproducible to the byte. */
  readonly decisionMillis: { readonly plan: readonly number[]; readonly act: readonly number[] };
  /** DAGs for which a plan was infeasible, times they were. */
  readonly infeasiblePlans: number;
}

/** Counts and sums over requests that ended. `arrived = completed + lost + expired + refused`. */
export interface RequestTotals {
  readonly arrived: number;
  /** All stages done within the deadline or after it. */
  readonly completed: number;
  /** Lost on the air or a link, or with the replica or node that held it. */
  readonly lost: number;
  /** Given up after the client's patience. */
  readonly expired: number;
  /** Nowhere to go: no ready replica, no path. */
  readonly refused: number;
  /** Did not complete within qos.maxLatency, jitter and sync limits apart; at most `arrived`. */
  readonly violated: number;
  /** Of completed requests, microseconds. */
  readonly latency: Distribution;
  /** Parts of the mean latency along the path that ended last: radio and way in, queues, service, transfers. */
  readonly parts: {
    readonly access: number;
    readonly queue: number;
    readonly serve: number;
    readonly transfer: number;
  };
  readonly syncMicros: Distribution;
}

/** A distribution in bounded space: quantiles with 1 % relative error, mergeable over replications. */
export interface Distribution {
  readonly count: number;
  readonly mean: number;
  /** Standard deviation; of latencies this is the jitter of architecture section 5. */
  readonly deviation: number;
  readonly max: number;
  /** Counts of the logarithmic buckets `[index, count]`: values in (γ^(index-1), γ^index] with γ = 1.02; index 0 holds values ≤ 1. */
  readonly buckets: readonly (readonly [number, number])[];
}

/** One control period. */
export interface Period {
  readonly atMicros: number;
  readonly arrived: number;
  readonly completed: number;
  readonly violated: number;
  readonly meanLatencyMicros: number;
  readonly p95LatencyMicros: number;
  /** Busy CPU over all nodes that are up, and Jain's index of it over them. */
  readonly utilisation: number;
  readonly balance: number;
  readonly replicas: number;
  readonly moves: number;
  readonly nodesDown: number;
}
