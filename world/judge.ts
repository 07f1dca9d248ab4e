import { Utilisation, utilityCost } from './cost.ts';
import { criticalPath } from './critical-path.ts';
import { Flow } from './flow.ts';
import type { Fractions } from './fractions.ts';
import type { Instance } from './instance.ts';
import type { Claim } from './ledger.ts';
import type { AccessPath, Assignment, Prediction, Route, Violation } from './prediction.ts';
import { accessPaths, assignmentsOf, routesBy, whole } from './report.ts';
import { pieceTimes, routesOf } from './routing.ts';
import type { PairRoute } from './routing.ts';
import { waysIn } from './ways-in.ts';
import type { WayIn } from './ways-in.ts';
import { ownerOf } from './objects.ts';
import { Success } from './success.ts';
import { Traffic } from './traffic.ts';
import { violationsOf } from './violations.ts';

/** Everything the world model says of one assignment, with exact routes. */
export interface Judgement {
  readonly assignments: readonly Assignment[];
  readonly routes: readonly Route[];
  readonly ingress: readonly AccessPath[];
  readonly predicted: Prediction;
  readonly violations: readonly Violation[];
  /** No hard limit is broken. */
  readonly feasible: boolean;
  /** J (Eq. 13 with static ω, plus hinges). */
  readonly cost: number;
  /** What it would hold. */
  readonly claim: Claim;
  /** How calls are steered; undefined when replicas share them evenly. */
  readonly fractions: Fractions | undefined;
}

/**
 * Judges an assignment (`assign[task]` is a host): routes it, predicts it, checks every hard and soft limit. Calls are steered by the
 * fractions; without any, replicas share them evenly.
 */
export function judge(instance: Instance, assign: Int32Array, fractions?: Fractions): Judgement {
  const flow = new Flow(instance);
  if (fractions !== undefined) flow.traffic = new Traffic(instance, flow.firstPair).steer(assign, fractions);
  const pairs = routesOf(instance, assign, flow.traffic);
  const times = pieceTimes(instance, pairs);
  const entries = waysIn(instance, assign, pairs);
  walk(flow, instance, assign, pairs, times, entries);
  const success = successOf(instance, pairs, entries);
  const worst = Math.max(flow.slowest, slowestOf(instance, assign, flow, pairs, times));
  const outcome = { latency: flow.latency, jitter: flow.jitter, sync: flow.sync, success };
  const { path, steps } = criticalPath(instance, assign, flow);
  const violations = violationsOf({ instance, assign, pairs, times, entries, outcome });
  return {
    assignments: assignmentsOf(
      instance,
      assign,
      pairs,
      times,
      (task) => servedAfter(instance, flow, assign, task),
      outcome.latency,
      path,
    ),
    routes: routesBy(instance, pairs, times),
    ingress: accessPaths(instance, entries),
    predicted: {
      latencyMicros: whole(outcome.latency),
      worstLatencyMicros: whole(worst),
      jitterMicros: whole(outcome.jitter),
      syncMicros: whole(outcome.sync),
      successPpm: Math.round(success * 1e6),
      criticalPath: path,
      steps,
    },
    violations,
    feasible: violations.every((v) => !v.hard),
    cost: utilityCost(instance, outcome, utilisationOf(instance, assign)),
    claim: claimFor(instance, assign, pairs),
    fractions,
  };
}

/** Service time of a replica with its wait, microseconds. */
const servedAfter = (
  { services, serviceOf }: Instance,
  { traffic }: Flow,
  assign: Int32Array,
  task: number,
): number =>
  traffic?.serveAndWait[task] ?? services[serviceOf[task] ?? 0]?.serveAndWait[assign[task] ?? 0] ?? 0;

function walk(
  flow: Flow,
  instance: Instance,
  assign: Int32Array,
  pairs: readonly PairRoute[],
  times: readonly number[][],
  entries: readonly WayIn[],
): void {
  const { jitter } = instance.snapshot.graph;
  for (const [p, { pieces }] of pairs.entries()) {
    const mean = (values: readonly number[]): number =>
      pieces.reduce((sum, piece, i) => sum + piece.share * (values[i] ?? 0), 0);
    flow.time[p] = pieces.length === 0 ? Infinity : mean(times[p] ?? []);
    flow.variance[p] = mean(
      pieces.map(({ arcs }) => arcs.reduce((sum, arc) => sum + (jitter[arc] ?? 0) ** 2, 0)),
    );
  }
  for (const { ingress, task, time, variance } of entries) {
    flow.entry[ingress * instance.tasks + task] = time;
    flow.entryVariance[ingress * instance.tasks + task] = variance;
  }
  flow.walk(assign);
}

function utilisationOf(instance: Instance, assign: Int32Array): number {
  const width = instance.snapshot.resources.length;
  const extra = new Float64Array(instance.snapshot.hosts.length * width);
  for (const [t, host] of assign.entries()) {
    const request = instance.services[instance.serviceOf[t] ?? 0]?.request;
    for (let r = 0; r < width; r++)
      extra[host * width + r] = (extra[host * width + r] ?? 0) + (request?.[r] ?? 0);
  }
  const touched = [...new Set(assign)];
  return new Utilisation(instance).cost(extra, touched, touched.length);
}

function successOf(instance: Instance, pairs: readonly PairRoute[], entries: readonly WayIn[]): number {
  const success = new Success(instance);
  success.begin();
  for (const { pieces } of pairs) for (const { arcs } of pieces) success.call(arcs);
  return success.of((g) => entries.filter((way) => way.ingress === g).map((way) => way.arcs));
}

/** The same walk with the slowest replica and path at every join instead of the mean. */
function slowestOf(
  instance: Instance,
  assign: Int32Array,
  flow: Flow,
  pairs: readonly PairRoute[],
  times: readonly number[][],
): number {
  const { services, edges, incoming, tasks, ingress } = instance;
  const slowestTransfer = new Float64Array(edges.length);
  for (const [p, { edge }] of pairs.entries()) {
    for (const time of times[p] ?? [])
      slowestTransfer[edge.index] = Math.max(slowestTransfer[edge.index] ?? 0, time);
  }
  let slowest = 0;
  for (let g = 0; g < Math.max(1, ingress.length); g++) {
    const finish = new Float64Array(services.length);
    for (const [s, service] of services.entries()) {
      let start = 0;
      for (const e of incoming[s] ?? [])
        start = Math.max(start, (finish[edges[e]?.source ?? 0] ?? 0) + (slowestTransfer[e] ?? 0));
      let end = 0;
      for (let task = service.firstTask; task < service.firstTask + service.replicas; task++) {
        if (flow.traffic?.visits[task] === 0) continue;
        const from = service.entry ? (flow.entry[g * tasks + task] ?? 0) : start;
        end = Math.max(end, from + servedAfter(instance, flow, assign, task));
      }
      finish[s] = end;
      slowest = Math.max(slowest, end);
    }
  }
  return slowest;
}

function claimFor(instance: Instance, assign: Int32Array, pairs: readonly PairRoute[]): Claim {
  return {
    owner: ownerOf(instance.key),
    hosts: [...assign].map((host, t) => ({
      host,
      amounts: [...(instance.services[instance.serviceOf[t] ?? 0]?.request ?? [])],
    })),
    arcs: pairs.flatMap(({ pieces }) => pieces.flatMap(({ arcs, bps }) => arcs.map((arc) => ({ arc, bps })))),
  };
}
