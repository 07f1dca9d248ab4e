import type { ServiceDAG } from '#crds/servicedag.ts';
import { positionsOf } from '#memory/encoders/features/heat-maps.ts';
import type { Situation as Seen } from '#memory/encoders/features/features.ts';
import { deploymentContent } from '#memory/trace/deployment.ts';
import type { TraceContent } from '#memory/trace/trace.ts';
import { arcsAlong } from '#world/claims.ts';
import { Utilisation, utilityCost } from '#world/cost.ts';
import { firstPairs, hasChoice } from '#world/fractions.ts';
import type { Fractions } from '#world/fractions.ts';
import { instanceOf } from '#world/instance.ts';
import type { Instance } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import { keyOf } from '#world/objects.ts';
import type { Objects } from '#world/objects.ts';
import { transmission } from '#world/paths.ts';
import type { Route } from '#world/prediction.ts';
import { sliceOf } from '#world/service.ts';
import { snapshotOf } from '#world/snapshot.ts';

/** A deployment and what became of it, as it is reported: the world when its plan took effect, the decision, what was measured. */
export interface Report {
  /** `namespace/name`. */
  readonly dag: string;
  readonly objects: Objects;
  readonly decision: {
    readonly assignments: readonly {
      readonly microservice: string;
      readonly replica: number;
      readonly node: string;
    }[];
    readonly routes: readonly {
      readonly from: string;
      readonly to: string;
      readonly paths: readonly { readonly via: readonly string[]; readonly weightPpm: number }[];
    }[];
  };
  readonly window: number;
  readonly policy: string;
  readonly replanOf?: string | undefined;
  readonly shareable: boolean;
  readonly outcome: {
    /** Milliseconds since the epoch. */
    readonly atMs: number;
    readonly performance: TraceContent['performance'];
    readonly rollout: TraceContent['rollout'];
  };
}

/** What a report says that the world it comes with does not bear out; `field` of the report, `message` what to do. */
export class RefusedReport extends Error {
  override readonly name = 'RefusedReport';
  readonly field: string;
  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** A report read with our own world model. */
export interface ReadReport {
  readonly content: TraceContent;
  /** 1 − J that the model expects of the reported placement, at most 1. */
  readonly expectedUtility: number;
  readonly seen: Seen;
}

/**
 * The content of a report's trace. Realised utility is 1 − J of what was measured with our own R and LB; the expectation is ours too:
 * nothing that the report predicts is believed. Throws `RefusedReport`, or `UnknownReference` for a region that the world lacks.
 */
export function readReport(report: Report, source: TraceContent['source'] = 'observed'): ReadReport {
  const { objects, decision, outcome, window, policy, shareable, replanOf } = report;
  const dag = objects.dags.find((one) => keyOf(one) === report.dag);
  if (dag === undefined) throw new RefusedReport('dag', `no ServiceDAG ${report.dag} in objects.dags`);
  const snapshot = snapshotOf(objects);
  const counts = Map.groupBy(decision.assignments, ({ microservice }) => microservice);
  const instance = instanceOf(snapshot, dag, (name) => counts.get(name)?.length ?? 1);
  const assign = assignOf(instance, decision.assignments);
  const judgement = judge(instance, assign, fractionsOf(instance, assign, decision.routes));
  const { performance, rollout, atMs } = outcome;
  const realised = {
    latency: performance.latencyMicros,
    jitter: performance.jitterMicros,
    sync: performance.syncMicros,
    success: performance.successPpm / 1e6,
  };
  const expectedUtility = utilityOf(judgement.cost);
  const placed = { assignments: judgement.assignments, routes: routesOf(instance, dag, decision.routes) };
  return {
    content: deploymentContent(snapshot, dag, placed, {
      window,
      createdMs: atMs,
      source,
      policy,
      shareable,
      ...(replanOf === undefined ? {} : { replanOf }),
      rollout,
      performance,
      predictedUtility: expectedUtility,
      realisedUtility: utilityOf(utilityCost(instance, realised, utilisationOf(instance, assign))),
    }),
    expectedUtility,
    seen: { snapshot, dag, dags: objects.dags, telemetry: [], positions: positionsOf(objects.nodes) },
  };
}

/** 1 − J, not below what a trace may say: J is infinite where a queue has no end. */
const utilityOf = (cost: number): number => Math.max(-1e6, 1 - cost);

function assignOf(
  { services, snapshot, tasks, key }: Instance,
  assignments: Report['decision']['assignments'],
): Int32Array {
  const hostOf = new Map(snapshot.hosts.map(({ name }, h) => [name, h]));
  const serviceOf = new Map(services.map((service) => [service.name, service]));
  const assign = new Int32Array(tasks).fill(-1);
  const next = new Map<string, number>();
  const order = [...assignments.entries()].toSorted(([, a], [, b]) => a.replica - b.replica);
  for (const [i, { microservice, node }] of order) {
    const field = `decision.assignments[${i}]`;
    const service = serviceOf.get(microservice);
    if (service === undefined)
      throw new RefusedReport(`${field}.microservice`, `${key} has no microservice "${microservice}"`);
    const host = hostOf.get(node);
    if (host === undefined)
      throw new RefusedReport(
        `${field}.node`,
        `no node "${node}" in objects.nodes: send the world as it was`,
      );
    const r = next.get(microservice) ?? 0;
    next.set(microservice, r + 1);
    assign[service.firstTask + r] = host;
  }
  const missing = services.find(({ name }) => !next.has(name));
  if (missing !== undefined)
    throw new RefusedReport(
      'decision.assignments',
      `no replica of ${missing.name}: report whole deployments`,
    );
  return assign;
}

/** Shares by which the reported routes steer calls; undefined when there is nothing to choose or no route says anything. */
function fractionsOf(
  instance: Instance,
  assign: Int32Array,
  routes: Report['decision']['routes'],
): Fractions | undefined {
  if (!hasChoice(instance) || routes.length === 0) return undefined;
  const { edges, services, snapshot } = instance;
  const first = firstPairs(instance);
  const fractions = new Float64Array(first[edges.length] ?? 0);
  for (const { index, source, target, from, to } of edges) {
    const [caller, callee] = [services[source], services[target]];
    if (caller === undefined || callee === undefined) continue;
    const paths = routes.filter((r) => r.from === from && r.to === to).flatMap((r) => r.paths);
    const nameAt = (task: number): string => snapshot.hosts[assign[task] ?? 0]?.name ?? '';
    for (let i = 0; i < caller.replicas; i++) {
      const row = Array.from({ length: callee.replicas }, (_, j) => {
        const here = nameAt(callee.firstTask + j);
        const alike = Array.from({ length: callee.replicas }, (_, k) => nameAt(callee.firstTask + k)).filter(
          (name) => name === here,
        ).length;
        const weight = paths
          .filter(({ via }) => via[0] === nameAt(caller.firstTask + i) && via.at(-1) === here)
          .reduce((sum, path) => sum + path.weightPpm, 0);
        return weight / alike;
      });
      const total = row.reduce((a, b) => a + b, 0);
      for (const [j, weight] of row.entries())
        fractions[(first[index] ?? 0) + i * callee.replicas + j] =
          total > 0 ? weight / total : 1 / callee.replicas;
    }
  }
  return fractions;
}

/** The reported paths with their times and reservations by our own graph; those that lead nowhere in it are left out. */
function routesOf(
  { snapshot: { graph }, edges }: Instance,
  dag: ServiceDAG,
  routes: Report['decision']['routes'],
): Route[] {
  const vertexOf = new Map(graph.names.map((name, v) => [name, v]));
  const slice = sliceOf(dag);
  return routes.flatMap(({ from, to, paths }): Route[] => {
    const edge = edges.find((e) => e.from === from && e.to === to);
    if (edge === undefined)
      throw new RefusedReport('decision.routes', `no edge ${from}→${to} in the ServiceDAG`);
    const known = paths.flatMap(({ via, weightPpm }) => {
      const bandwidthBps = Math.round((edge.bps * weightPpm) / 1e6);
      const arcs = arcsAlong(graph, vertexOf, via, slice, bandwidthBps);
      if (arcs === undefined) return [];
      const latency = arcs.reduce((sum, arc) => sum + (graph.latency[arc] ?? 0), 0);
      const narrowest = arcs.reduce((least, arc) => Math.min(least, graph.bandwidth[arc] ?? 0), Infinity);
      const micros = arcs.length === 0 ? 0 : latency + transmission(edge.payloadBytes, narrowest);
      return [{ via: [...via], weightPpm, latencyMicros: Math.round(micros), bandwidthBps }];
    });
    return known.length === 0 ? [] : [{ from, to, paths: known }];
  });
}

/** ω₂ R + ω₃ LB where the replicas are: what the measured and the expected outcome share. */
function utilisationOf(instance: Instance, assign: Int32Array): number {
  const width = instance.snapshot.resources.length;
  const extra = new Float64Array(instance.snapshot.hosts.length * width);
  for (const [task, host] of assign.entries())
    for (const [r, amount] of (instance.services[instance.serviceOf[task] ?? 0]?.request ?? []).entries())
      extra[host * width + r] = (extra[host * width + r] ?? 0) + amount;
  const touched = [...new Set(assign)];
  return new Utilisation(instance).cost(extra, touched, touched.length);
}
