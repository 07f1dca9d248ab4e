import type { Period, RunResult } from '../result.ts';
import { bootstrap } from '../statistics/bootstrap.ts';
import { merged, quantileOf } from '../statistics/distribution.ts';
import type { Interval } from '../statistics/interval.ts';
import { jain, mean, quantile } from '../statistics/moments.ts';
import {
  burstsOf,
  failuresOf,
  RECOVERY,
  recoveryMicros,
  usualShare,
  violationShare,
} from '../statistics/recovery.ts';
import { clusteredWilson } from '../statistics/wilson.ts';

/** A figure over replications; no interval for a single one. */
export interface Estimate {
  readonly value: number;
  readonly interval?: Interval | undefined;
}

/** What is said of one orchestrator on one scenario. Times in microseconds unless named otherwise. */
export interface Row {
  readonly scenario: string;
  readonly scenarioDigest: string;
  readonly orchestrator: string;
  readonly seed: number;
  readonly replications: number;
  /** Over all replications, after the warm-up. */
  readonly requests: number;
  /** Of completed requests: mean and quantiles over the requests of all replications. */
  readonly latency: {
    readonly mean: Estimate;
    readonly p50: Estimate;
    readonly p95: Estimate;
    readonly p99: Estimate;
    readonly deviation: number;
  };
  /** Per request, 0 to 1. */
  readonly violations: Estimate;
  /** Requests that did not complete, per request, by reason. */
  readonly failed: { readonly lost: number; readonly expired: number; readonly refused: number };
  /** Per replication. */
  readonly moves: Estimate;
  /** Busy CPU of the nodes that are up, and Jain's index over them; means over the periods after the warm-up. */
  readonly utilisation: Estimate;
  readonly balance: Estimate;
  /** Jain's index over tenants of the share of their requests that kept their targets. */
  readonly tenantFairness: number;
  /**
   * From a failure of nodes or the end of a burst until violations are within 5 points of what was usual before it, for 3 periods; mean over those it came back from, and how
   * many it did not.
   */
  readonly recovery: {
    readonly disturbances: number;
    readonly meanMicros?: number;
    readonly unrecovered: number;
  };
  /** Wall time of a plan and of a period's decision in milliseconds: not reproducible. */
  readonly planMillis: { readonly first: number; readonly mean: number; readonly p99: number };
  readonly actMillis: { readonly mean: number; readonly p99: number };
  readonly infeasiblePlans: number;
}

/** One row per scenario and orchestrator, in the order in which they first come. */
export function summarise(results: readonly RunResult[]): Row[] {
  const groups = Map.groupBy(results, (r) => JSON.stringify([r.scenarioDigest, r.orchestrator, r.seed]));
  return [...groups.values()].flatMap((runs) => {
    const [first] = runs;
    return first === undefined ? [] : [rowOf(first, runs)];
  });
}

const counted = ({ timeline, warmupMicros }: RunResult): readonly Period[] =>
  timeline.filter(({ atMicros }) => atMicros >= warmupMicros);

function rowOf(first: RunResult, runs: readonly RunResult[]): Row {
  const { scenario, scenarioDigest, orchestrator, seed } = first;
  const estimate = (of: (sample: readonly RunResult[]) => number): Estimate => {
    const interval = bootstrap(runs, of);
    return { value: of(runs), ...(interval === undefined ? {} : { interval }) };
  };
  const latency = (q: number): Estimate => estimate((sample) => latencyQuantile(sample, q));
  const total = (of: (totals: RunResult['total']) => number): number =>
    runs.reduce((sum, { total }) => sum + of(total), 0);
  const arrived = total((t) => t.arrived);
  const share = (events: number): number => (arrived === 0 ? 0 : events / arrived);
  const plans = runs.flatMap(({ decisionMillis }) => decisionMillis.plan.slice(1));
  const acts = runs.flatMap(({ decisionMillis }) => decisionMillis.act);
  return {
    scenario,
    scenarioDigest,
    orchestrator,
    seed,
    replications: runs.length,
    requests: arrived,
    latency: {
      mean: estimate((sample) => latencyMean(sample)),
      p50: latency(0.5),
      p95: latency(0.95),
      p99: latency(0.99),
      deviation: merged(runs.map((run) => run.total.latency)).deviation,
    },
    violations: {
      value: violationShare({ arrived, violated: total((t) => t.violated) }),
      interval: clusteredWilson(
        runs.map((run) => ({ events: run.total.violated, trials: run.total.arrived })),
      ),
    },
    failed: {
      lost: share(total((t) => t.lost)),
      expired: share(total((t) => t.expired)),
      refused: share(total((t) => t.refused)),
    },
    moves: estimate((sample) => mean(sample.map(({ moves }) => moves))),
    utilisation: estimate((sample) =>
      mean(sample.map((run) => mean(counted(run).map((p) => p.utilisation)))),
    ),
    balance: estimate((sample) => mean(sample.map((run) => mean(counted(run).map((p) => p.balance))))),
    tenantFairness: mean(runs.map(tenantFairness)),
    recovery: recoveryOf(runs),
    planMillis: {
      first: mean(runs.map(({ decisionMillis }) => decisionMillis.plan[0] ?? 0)),
      mean: mean(plans),
      p99: plans.length === 0 ? 0 : quantile(plans, 0.99),
    },
    actMillis: { mean: mean(acts), p99: acts.length === 0 ? 0 : quantile(acts, 0.99) },
    infeasiblePlans: runs.reduce((sum, run) => sum + run.infeasiblePlans, 0),
  };
}

const latencyMean = (runs: readonly RunResult[]): number => {
  const count = runs.reduce((sum, { total }) => sum + total.latency.count, 0);
  return count === 0
    ? 0
    : runs.reduce((sum, { total }) => sum + total.latency.count * total.latency.mean, 0) / count;
};

const latencyQuantile = (runs: readonly RunResult[], q: number): number =>
  quantileOf(merged(runs.map((run) => run.total.latency)), q);

const tenantFairness = ({ byTenant }: RunResult): number =>
  jain(
    Object.values(byTenant)
      .filter(({ arrived }) => arrived > 0)
      .map((totals) => 1 - violationShare(totals)),
  );

function recoveryOf(runs: readonly RunResult[]): Row['recovery'] {
  const times = runs.flatMap(({ timeline, warmupMicros }) =>
    [...failuresOf(timeline).map((at) => ({ fromMicros: at, untilMicros: at })), ...burstsOf(timeline)]
      .filter(({ fromMicros }) => fromMicros >= warmupMicros)
      .flatMap(({ fromMicros, untilMicros }) => {
        const share = usualShare(timeline, warmupMicros, fromMicros) + RECOVERY.share;
        return recoveryMicros(timeline, untilMicros, { ...RECOVERY, share }) ?? [];
      }),
  );
  const back = times.filter(Number.isFinite);
  return {
    disturbances: times.length,
    ...(back.length === 0 ? {} : { meanMicros: mean(back) }),
    unrecovered: times.length - back.length,
  };
}
