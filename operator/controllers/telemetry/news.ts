import type { ServiceDAGStatus } from '#crds/servicedag.ts';
import type { EdgeObserved, Report } from './report.ts';

/** Differences that are worth a write: the rest is noise. */
const EPSILON = {
  latency: 0.05,
  latencyMicros: 200,
  tail: 0.1,
  successPpm: 1_000,
  sharePpm: 10_000,
  edge: 0.2,
  edgeRateMilli: 1_000,
  failedPpm: 5_000,
} as const;

/** Whether a report says something that the one before did not, beyond noise. Pure. */
export function isNews(before: Report | undefined, now: Report): boolean {
  if (before === undefined) return true;
  const [a, b] = [before.verdict, now.verdict];
  if (a.status !== b.status || a.reason !== b.reason) return true;
  if ((before.fresh === undefined) !== (now.fresh === undefined)) return true;
  if (!a.message.endsWith(now.plansOn)) return true;
  return (
    observedDiffers(before.observed ?? {}, now.observed ?? {}) ||
    sharesDiffer(before, now) ||
    edgesDiffer(before.edges, now.edges)
  );
}

type Observed = NonNullable<ServiceDAGStatus['observed']>;

/** Whether two measurements of what users get differ by more than noise. Pure. */
export function observedDiffers(a: Observed, b: Observed): boolean {
  const far = (x: number | undefined, y: number | undefined, share: number, least: number): boolean =>
    (x === undefined) !== (y === undefined) ||
    Math.abs((x ?? 0) - (y ?? 0)) > Math.max(least, share * (x ?? 0));
  return (
    far(a.latencyMicros, b.latencyMicros, EPSILON.latency, EPSILON.latencyMicros) ||
    far(a.p99LatencyMicros, b.p99LatencyMicros, EPSILON.tail, EPSILON.latencyMicros) ||
    far(a.successPpm, b.successPpm, 0, EPSILON.successPpm)
  );
}

/** Shares of requests that were counted wander by √(p(1-p)/n): three of that are no news. */
function sharesDiffer(before: Report, now: Report): boolean {
  const edges = new Set([...before.shares.keys(), ...now.shares.keys()]);
  return [...edges].some((edge) => {
    const [a, b] = [before.shares.get(edge), now.shares.get(edge)];
    if (a === undefined || b === undefined) return true;
    const requests = Math.max(1, now.requests.get(edge) ?? 1);
    return [...new Set([...a.keys(), ...b.keys()])].some((group) => {
      const [x, y] = [a.get(group) ?? 0, b.get(group) ?? 0];
      const p = x / 1e6;
      const noise = 3e6 * Math.sqrt((p * (1 - p)) / requests);
      return Math.abs(x - y) > Math.max(EPSILON.sharePpm, noise);
    });
  });
}

/** Figures of edges are told coarsely: there are many of them. */
function edgesDiffer(
  before: ReadonlyMap<string, EdgeObserved>,
  now: ReadonlyMap<string, EdgeObserved>,
): boolean {
  const far = (a: number | undefined, b: number | undefined, least: number): boolean =>
    Math.abs((a ?? 0) - (b ?? 0)) > Math.max(least, EPSILON.edge * (a ?? 0));
  return [...new Set([...before.keys(), ...now.keys()])].some((edge) => {
    const [a, b] = [before.get(edge), now.get(edge)];
    return (
      a === undefined ||
      b === undefined ||
      far(a.requestsPerSecondMilli, b.requestsPerSecondMilli, EPSILON.edgeRateMilli) ||
      far(a.latencyMicros, b.latencyMicros, EPSILON.latencyMicros) ||
      far(a.failedPpm, b.failedPpm, EPSILON.failedPpm)
    );
  });
}
