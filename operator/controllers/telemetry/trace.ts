import type { Objects } from '#world/objects.ts';
import type { CachedPlan } from '../../objects.ts';
import { realisedOf } from './tenure.ts';
import type { Tenure } from './tenure.ts';

/** Distance of the 99th percentile from the mean of a normal distribution, in standard deviations. */
const P99 = 2.326;

/** What the planner's memory is told of a plan that has an outcome (`POST /v1/traces`). */
export interface TraceBody {
  readonly dag: string;
  readonly objects: Objects;
  readonly decision: object;
  readonly window: number;
  readonly policy: string;
  readonly replanOf?: string;
  readonly outcome: object;
}

/**
 * The trace of a plan: the world when it took effect, what it decided, and what was measured. Undefined when nothing was, or when replicas
 * ran elsewhere. Jitter is that of a normal distribution with the measured mean and 99th percentile; the spread of joins is not measured
 * and said to be 0. Pure: the same plan and tenure give the same body.
 */
export function traceOf(
  plan: CachedPlan,
  tenure: Tenure,
  from: { readonly objects: Objects; readonly atMs: number; readonly replanOf: string | undefined },
): TraceBody | undefined {
  const realised = realisedOf(tenure);
  if (realised === undefined || tenure.isDeviant) return undefined;
  const { dag, window, source, regions, routes } = plan.spec;
  const tail = Math.max(0, realised.p99LatencyMicros - realised.latencyMicros);
  return {
    dag: `${plan.metadata.namespace ?? 'default'}/${dag.name}`,
    objects: from.objects,
    decision: {
      assignments: regions.flatMap(({ region, assignments }) =>
        assignments.map(({ microservice, replica, ranked }) => ({
          microservice,
          replica,
          region,
          node: ranked[0]?.node ?? '',
        })),
      ),
      routes: routes.map(({ from: caller, to, paths }) => ({
        from: caller,
        to,
        paths: paths.map(({ via, weightPpm }) => ({ via, weightPpm })),
      })),
    },
    window,
    policy: source,
    ...(from.replanOf === undefined ? {} : { replanOf: from.replanOf }),
    outcome: {
      atMs: from.atMs,
      performance: { ...realised, jitterMicros: Math.round(tail / P99), syncMicros: 0 },
      rollout: tenure.rollout,
    },
  };
}
