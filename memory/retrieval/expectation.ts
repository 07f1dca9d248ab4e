import type { TraceContent } from '#memory/trace/trace.ts';
import type { DagFeatures } from './dag-features.ts';

/** What the world model expects of a deployment, before anything is known of its outcome. */
export interface Expectation {
  /** 1 - J, not below `LEAST_UTILITY`. */
  readonly utility: number;
  /** Longest path of service and transfer times, over the latency limit. */
  readonly latencyRatio: number;
  /** Mean busy share of its replicas, from 0 to 1. */
  readonly busy: number;
}

/** A queue without end and one that is merely too long are alike: both fail. */
const LEAST_UTILITY = -2;
/** Taken for the limit where a DAG sets none. */
const NO_LIMIT_MICROS = 100_000;

/** The latency limit of a DAG, microseconds. */
export const limitOf = ({ qos }: TraceContent['dag']): number =>
  qos.maxLatencyMicros === 0 ? NO_LIMIT_MICROS : qos.maxLatencyMicros;

/**
 * The expectation that a deployment's own record implies: its predicted utility, and of the predicted service and transfer times the
 * longest path and the busy share (visits per second × service time / replicas, at most 1). Calls on a cycle do not count.
 */
export function expectationOf(
  { dag: spec, map, predictedUtility }: Pick<TraceContent, 'dag' | 'map' | 'predictedUtility'>,
  dag: DagFeatures,
): Expectation {
  const { count, callCount, from, to, index } = dag;
  const serve = new Float64Array(count);
  const replicas = new Int32Array(count);
  for (const p of map.placements) {
    const s = index.get(p.service) ?? 0;
    serve[s] = Math.max(serve[s] ?? 0, p.serveMicros);
    replicas[s] = (replicas[s] ?? 0) + 1;
  }
  // Mean latency of the routes between two services, by their weights.
  const carried = new Float64Array(count * count);
  const weights = new Float64Array(count * count);
  for (const r of map.routes) {
    const at = (index.get(r.from) ?? 0) * count + (index.get(r.to) ?? 0);
    carried[at] = (carried[at] ?? 0) + r.latencyMicros * r.weightPpm;
    weights[at] = (weights[at] ?? 0) + r.weightPpm;
  }
  const waiting = new Int32Array(count);
  for (let e = 0; e < callCount; e++) waiting[to[e] ?? 0] = (waiting[to[e] ?? 0] ?? 0) + 1;
  const visits = new Float64Array(count);
  // When a service has answered, counted from the arrival.
  const done = new Float64Array(count);
  const ready: number[] = [];
  for (let s = 0; s < count; s++) {
    if (waiting[s] !== 0) continue;
    visits[s] = dag.requestsPerSecond;
    ready.push(s);
  }
  let longest = 1;
  for (let s = ready.pop(); s !== undefined; s = ready.pop()) {
    const end = (done[s] ?? 0) + (serve[s] ?? 0);
    longest = Math.max(longest, end);
    for (let e = 0; e < callCount; e++) {
      if (from[e] !== s) continue;
      const t = to[e] ?? 0;
      const at = s * count + t;
      const route = weights[at] === 0 ? 0 : (carried[at] ?? 0) / (weights[at] ?? 1);
      visits[t] = (visits[t] ?? 0) + (visits[s] ?? 0) * (spec.calls[e]?.callsPerRequest ?? 1);
      done[t] = Math.max(done[t] ?? 0, end + route);
      waiting[t] = (waiting[t] ?? 0) - 1;
      if (waiting[t] === 0) ready.push(t);
    }
  }
  let busy = 0;
  for (const p of map.placements) {
    const s = index.get(p.service) ?? 0;
    busy += Math.min(1, ((visits[s] ?? 0) / Math.max(1, replicas[s] ?? 1)) * (p.serveMicros / 1e6));
  }
  return {
    utility: Math.max(LEAST_UTILITY, predictedUtility),
    latencyRatio: longest / limitOf(spec),
    busy: busy / Math.max(1, map.placements.length),
  };
}
