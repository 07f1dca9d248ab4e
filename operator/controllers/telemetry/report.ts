import type { ServiceDAGStatus } from '#crds/servicedag.ts';
import { formatMicros, quantity } from '#crds/quantity.ts';
import type { CachedDag } from '../../objects.ts';
import { toPpm } from '../../routing/weights.ts';
import type { Weights } from '../../routing/weights.ts';
import { no, unknown, yes } from '../servicedag/verdict.ts';
import type { Verdict } from '../servicedag/verdict.ts';
import type { Calls } from '../../telemetry/measured.ts';
import type { EntrySeen, Smooth } from './smooth.ts';

/** What is told of the measurements of one ServiceDAG. */
export interface Report {
  /** Condition `Observed`. */
  readonly verdict: Verdict;
  /** What users get: the last good values, which the verdict says the age of. */
  readonly observed: NonNullable<ServiceDAGStatus['observed']> | undefined;
  /** The entry's figures while they are fresh: what limits are judged by. */
  readonly fresh: Pick<EntrySeen, 'latencyMicros' | 'success'> | undefined;
  /** Measured shares by edge and group, in ppm, while they are fresh. */
  readonly shares: ReadonlyMap<string, Weights>;
  /** What is measured of each edge, while it is fresh. */
  readonly edges: ReadonlyMap<string, EdgeObserved>;
  /** The end of the verdict's message: the requests that plans count on. */
  readonly plansOn: string;
  /** Requests in the window by edge: how sure its shares are. */
  readonly requests: ReadonlyMap<string, number>;
}

/** What is measured of the calls of one edge. */
export type EdgeObserved = NonNullable<NonNullable<ServiceDAGStatus['edges']>[number]['observed']>;

const observedOf = ({ rate, meanMicros, p50Micros, p99Micros, errorShare }: Calls): EdgeObserved => ({
  requestsPerSecondMilli: Math.round(rate * 1000),
  ...(meanMicros === undefined ? {} : { latencyMicros: Math.round(meanMicros) }),
  ...(p50Micros === undefined ? {} : { p50LatencyMicros: Math.round(p50Micros) }),
  ...(p99Micros === undefined ? {} : { p99LatencyMicros: Math.round(p99Micros) }),
  ...(errorShare === undefined ? {} : { failedPpm: Math.round(errorShare * 1e6) }),
});

/** A source that gives nothing, and why. */
export interface Failure {
  readonly reason: string;
  readonly message: string;
}

/** What a report is made from. */
export interface Seen {
  readonly dag: CachedDag;
  readonly smooth: Smooth | undefined;
  readonly planning: readonly number[] | undefined;
  /** Why the source gave nothing just now. */
  readonly failure: Failure | undefined;
  /** What is older counts no more. */
  readonly freshMs: number;
  readonly windowMs: number;
  readonly nowMs: number;
}

/** Fewer requests than this in the window say nothing about shares. */
const LEAST_REQUESTS = 20;

/** What there is to say now. Pure. */
export function reportOf(seen: Seen): Report {
  const { smooth, freshMs, nowMs, windowMs } = seen;
  const isFresh = (atMs: number | undefined): boolean => atMs !== undefined && nowMs - atMs <= freshMs;
  const entry = isFresh(smooth?.entry?.atMs) ? smooth?.entry : undefined;
  const requests = new Map(
    [...(smooth?.groups ?? [])].map(([edge, groups]) => {
      const rate = [...groups.values()].reduce((sum, one) => sum + one, 0);
      return [edge, (rate * windowMs) / 1000] as const;
    }),
  );
  const shares = isFresh(smooth?.atMs)
    ? [...(smooth?.groups ?? [])].filter(([edge]) => (requests.get(edge) ?? 0) >= LEAST_REQUESTS)
    : [];
  const known = smooth?.entry;
  return {
    verdict: verdictOf(seen, isFresh(smooth?.atMs), entry),
    observed:
      known === undefined
        ? undefined
        : {
            latencyMicros: Math.round(known.latencyMicros),
            ...(known.p99Micros === undefined ? {} : { p99LatencyMicros: Math.round(known.p99Micros) }),
            ...(known.success === undefined ? {} : { successPpm: Math.round(known.success * 1e6) }),
          },
    fresh: entry,
    shares: new Map(shares.map(([edge, groups]) => [edge, toPpm(groups)])),
    edges: isFresh(smooth?.atMs)
      ? new Map([...(smooth?.edges ?? [])].map(([edge, calls]) => [edge, observedOf(calls)]))
      : new Map(),
    plansOn: planned(seen.dag, seen.planning),
    requests,
  };
}

const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

function verdictOf(seen: Seen, isFresh: boolean, entry: EntrySeen | undefined): Verdict {
  const { smooth, failure, dag } = seen;
  const since = smooth === undefined ? 'nothing was measured yet' : `last measured ${iso(smooth.atMs)}`;
  if (smooth === undefined || !isFresh) {
    if (failure !== undefined)
      return unknown(failure.reason, `the telemetry source: ${failure.message}; ${since}`);
    return smooth === undefined
      ? no('NoSeries', 'nobody measures its calls: docs/telemetry.md says what Prometheus has to scrape')
      : no('Stale', `its calls are not measured any more; ${since}`);
  }
  const plans = planned(dag, seen.planning);
  const edges = `${smooth.edges.size} of ${dag.spec.edges.length} edges`;
  if (smooth.ingress !== undefined && smooth.ingress < 1e-3)
    return yes('NoTraffic', `${edges} are measured, and nobody calls${plans}`);
  if (entry !== undefined) return yes('Measured', `the entry and ${edges} are measured${plans}`);
  const [slow] = [...smooth.edges].toSorted(([, a], [, b]) => (b.meanMicros ?? 0) - (a.meanMicros ?? 0));
  const slowest =
    slow?.[1].meanMicros === undefined
      ? ''
      : `; the slowest is ${slow[0].replace('>', '→')} with ${formatMicros(twoDigits(slow[1].meanMicros))}`;
  return yes(
    'EdgesOnly',
    `${edges} are measured and the entry is not, so the latency that users see is unknown${slowest}${plans}`,
  );
}

const twoDigits = (value: number): number => Number(value.toPrecision(2));

/** `; plans count on 118 requests/s from cbd-north (120 declared)`. */
function planned(dag: CachedDag, rates: readonly number[] | undefined): string {
  if (rates === undefined) return '';
  const rows = dag.spec.ingress.map(({ region, requestsPerSecond }, i) => {
    const declared = requestsPerSecond === undefined ? 'none' : String(quantity(requestsPerSecond));
    return `${rates[i] ?? 0} requests/s from ${region} (${declared} declared)`;
  });
  const more = rows.length > 4 ? ` and ${rows.length - 4} more` : '';
  return `; plans count on ${rows.slice(0, 4).join(', ')}${more}`;
}

/** What a status says was told last: the memory of an operator that has just started; undefined when nothing was. Pure. */
export function recall(dag: CachedDag): Report | undefined {
  const { conditions, observed, edges = [] } = dag.status ?? {};
  const last = conditions?.find(({ type }) => type === 'Observed');
  if (last === undefined) return undefined;
  const { status, reason, message } = last;
  const shares = edges.flatMap(({ from, to, weights = [] }) => {
    const seen = weights.flatMap(({ backend, observedPpm }): [string, number][] =>
      observedPpm === undefined ? [] : [[backend, observedPpm]],
    );
    return seen.length === 0 ? [] : [[`${from}>${to}`, new Map(seen)] as const];
  });
  const success = observed?.successPpm;
  const isFresh = reason === 'Measured' && observed?.latencyMicros !== undefined;
  return {
    verdict: { status, reason, message },
    observed,
    fresh: isFresh
      ? {
          latencyMicros: observed.latencyMicros ?? 0,
          success: success === undefined ? undefined : success / 1e6,
        }
      : undefined,
    shares: new Map(shares),
    edges: new Map(
      edges.flatMap(({ from, to, observed: calls }) =>
        calls === undefined ? [] : [[`${from}>${to}`, calls] as const],
      ),
    ),
    plansOn: '',
    requests: new Map(),
  };
}
