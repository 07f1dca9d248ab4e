import { Utilisation, utilityCost } from './cost.ts';
import { Flow } from './flow.ts';
import type { Instance } from './instance.ts';
import type { Claim } from './ledger.ts';
import type { AccessPath, Assignment, Prediction, Route, Violation } from './prediction.ts';
import { accessPaths, assignmentsOf, criticalPath, routesBy, whole } from './report.ts';
import { heldBy, pieceTimes, routesOf } from './routing.ts';
import type { PairRoute } from './routing.ts';
import { ownerOf } from './objects.ts';
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
}

/** Judges an assignment (`assign[task]` is a host): routes it, predicts it, checks every hard and soft limit. */
export function judge(instance: Instance, assign: Int32Array): Judgement {
  const pairs = routesOf(instance, assign);
  const times = pieceTimes(instance, pairs);
  const flow = new Flow(instance);
  const { graph } = instance.snapshot;
  let worst = 0;
  for (const [p, pair] of pairs.entries()) {
    flow.time[p] = pair.pieces.length === 0 ? Infinity : mean(pair, times[p] ?? []);
    flow.variance[p] = mean(
      pair,
      pair.pieces.map((piece) => piece.arcs.reduce((sum, arc) => sum + (graph.jitter[arc] ?? 0) ** 2, 0)),
    );
  }
  flow.walk(assign);
  const success = successOf(instance, assign, pairs, flow);
  worst = Math.max(flow.slowest, slowestOf(instance, assign, pairs, times));
  const outcome = { latency: flow.latency, jitter: flow.jitter, sync: flow.sync, success };
  const { path, steps } = criticalPath(instance, assign, flow);
  const claim = claimFor(instance, assign, pairs);
  const violations = violationsOf(instance, assign, pairs, times, outcome);
  return {
    assignments: assignmentsOf(instance, assign, pairs, times, outcome.latency, path),
    routes: routesBy(instance, pairs, times),
    ingress: accessPaths(instance, assign, flow),
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
    claim,
  };
}

const mean = (pair: PairRoute, values: readonly number[]): number =>
  pair.pieces.reduce((sum, piece, i) => sum + piece.share * (values[i] ?? 0), 0);

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

/** Product over the distinct links and bands used, each weighted by the largest share of any flow that crosses it. */
function successOf(instance: Instance, assign: Int32Array, pairs: readonly PairRoute[], flow: Flow): number {
  const { graph } = instance.snapshot;
  const share = new Map<number, number>();
  const take = (arcs: Iterable<number>, part: number): void => {
    const once = new Set<number>();
    for (const arc of arcs) once.add(arc);
    for (const arc of once)
      share.set(graph.link[arc] ?? 0, Math.max(share.get(graph.link[arc] ?? 0) ?? 0, part));
  };
  for (const pair of pairs) {
    for (const piece of pair.pieces) take(piece.arcs, piece.share);
  }
  for (const arcs of flow.accessArcs(assign)) take(arcs, 1);
  const successByLink = new Map<number, number>();
  for (const [arc, link] of graph.link.entries()) successByLink.set(link, graph.success[arc] ?? 1);
  let success = flow.radioSuccess;
  for (const [link, part] of share) success *= 1 - part * (1 - (successByLink.get(link) ?? 1));
  return success;
}

/** The same walk with the slowest replica and path at every join instead of the mean. */
function slowestOf(
  instance: Instance,
  assign: Int32Array,
  pairs: readonly PairRoute[],
  times: readonly number[][],
): number {
  let slowest = 0;
  for (let g = 0; g < Math.max(1, instance.ingress.length); g++) {
    const flow = new Flow(instance);
    const finish = new Float64Array(instance.services.length);
    for (const [s, service] of instance.services.entries()) {
      let start = 0;
      for (const [p, pair] of pairs.entries()) {
        if (pair.edge.target !== s) continue;
        start = Math.max(start, (finish[pair.edge.source] ?? 0) + Math.max(0, ...(times[p] ?? [])));
      }
      let end = 0;
      for (let r = 0; r < service.replicas; r++) {
        const host = assign[service.firstTask + r] ?? 0;
        const from = service.entry ? flow.access(g, host) : start;
        end = Math.max(end, from + (service.serveAndWait[host] ?? 0));
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
    arcs: pairs.flatMap((pair) =>
      pair.pieces.flatMap((piece) => piece.arcs.map((arc) => ({ arc, bps: heldBy(pair, piece) }))),
    ),
  };
}
