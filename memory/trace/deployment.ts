import { durationMicros, quantity } from '#crds/quantity.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { keyOf, ownerOf } from '#world/objects.ts';
import type { Assignment, Route } from '#world/prediction.ts';
import { podRequests } from '#world/requests.ts';
import { sliceOf } from '#world/service.ts';
import { ledgerWithout } from '#world/snapshot.ts';
import type { Snapshot } from '#world/snapshot.ts';
import type { TraceContent, TraceDag, TraceMap } from './trace.ts';
import { TRACE_VERSION } from './trace.ts';

/** A decision, as a plan's document and a plan's spec both hold it. */
export interface Decision {
  readonly assignments: readonly Pick<
    Assignment,
    'microservice' | 'replica' | 'region' | 'node' | 'serveMicros'
  >[];
  readonly routes: readonly Route[];
}

/** What a trace says beside the world and the decision. */
export interface Circumstances {
  readonly window: number;
  readonly createdMs: number;
  readonly source: TraceContent['source'];
  readonly policy: string;
  readonly shareable: boolean;
  readonly replanOf?: string;
  readonly rollout: TraceContent['rollout'];
  readonly performance: TraceContent['performance'];
  /** 1 - J, at most 1. */
  readonly predictedUtility: number;
  readonly realisedUtility: number;
}

/**
 * A deployment as the content of a trace: the DAG in base units, the machines as they were without this DAG, where it went and how it
 * went. Its shard is the region that hosts most of its replicas (of equals the first by name).
 */
export function deploymentContent(
  snapshot: Snapshot,
  dag: ServiceDAG,
  decision: Decision,
  circumstances: Circumstances,
): TraceContent {
  const replicas = new Map<string, number>();
  for (const a of decision.assignments) replicas.set(a.microservice, (replicas.get(a.microservice) ?? 0) + 1);
  return {
    version: TRACE_VERSION,
    tenant: tenantOf(dag),
    region: mostUsed(decision.assignments.map((a) => a.region)),
    slice: sliceOf(dag),
    ...circumstances,
    dag: traceDagOf(dag, replicas),
    map: traceMapOf(snapshot, dag, decision),
  };
}

/** Who owns a DAG: its tenant, or its namespace. */
export const tenantOf = (dag: ServiceDAG): string => dag.spec.tenant ?? dag.metadata.namespace ?? 'default';

/** A DAG in base units. Limits that are not set are 0. Replicas are the least that the DAG asks for unless given. */
export function traceDagOf(dag: ServiceDAG, replicas: ReadonlyMap<string, number> = new Map()): TraceDag {
  const { qos } = dag.spec;
  const micros = (text: string | undefined): number =>
    text === undefined ? 0 : Math.round(durationMicros(text));
  return {
    name: keyOf(dag),
    class: dag.spec.class,
    services: dag.spec.microservices.map((m) => {
      const requests = podRequests(m.template.spec);
      return {
        name: m.name,
        work: quantity(m.work ?? '0'),
        cpuMilli: requests.get('cpu') ?? 0,
        memoryBytes: requests.get('memory') ?? 0,
        replicas: replicas.get(m.name) ?? m.replicas.min,
      };
    }),
    calls: dag.spec.edges.map((e) => ({
      from: e.from,
      to: e.to,
      payloadBytes: quantity(e.payload),
      callsPerRequest: quantity(e.callsPerRequest),
      sync: e.sync,
    })),
    ingress: dag.spec.ingress.map((i) => ({
      region: i.region,
      requestsPerSecond: quantity(i.requestsPerSecond ?? '0'),
    })),
    qos: {
      maxLatencyMicros: micros(qos.maxLatency),
      maxJitterMicros: micros(qos.maxJitter),
      maxSyncMicros: micros(qos.maxSync),
      minSuccessPpm: Math.round(1e6 * quantity(qos.minSuccess ?? '0')),
    },
  };
}

/** Machines of a world as memory compares them, without what the DAG itself holds. */
export function presentNodes(snapshot: Snapshot, dag: ServiceDAG): TraceMap['nodes'] {
  const cpu = snapshot.resources.indexOf('cpu');
  const { used } = ledgerWithout(snapshot, ownerOf(keyOf(dag)));
  return snapshot.hosts.map((host, h) => {
    const at = h * snapshot.resources.length + cpu;
    const capacity = cpu < 0 ? 0 : (snapshot.allocatable[at] ?? 0);
    const taken = cpu < 0 || capacity === 0 ? 0 : (used[at] ?? 0) / capacity;
    return {
      name: host.name,
      region: host.region,
      cpuMilli: Math.round(capacity),
      utilisationPpm: Math.round(1e6 * Math.min(1, Math.max(0, taken))),
    };
  });
}

/** Where replicas went and how calls travel, with the machines that are named. */
export function traceMapOf(snapshot: Snapshot, dag: ServiceDAG, decision: Decision): TraceMap {
  const used = new Set(decision.assignments.map((a) => a.node));
  return {
    nodes: presentNodes(snapshot, dag).filter((n) => used.has(n.name)),
    placements: decision.assignments.map((a) => ({
      service: a.microservice,
      replica: a.replica,
      node: a.node,
      serveMicros: Math.round(a.serveMicros),
    })),
    routes: decision.routes.flatMap((r) =>
      r.paths.map((p) => ({
        from: r.from,
        to: r.to,
        via: [...p.via],
        weightPpm: p.weightPpm,
        latencyMicros: Math.round(p.latencyMicros),
        bandwidthBps: p.bandwidthBps,
      })),
    ),
  };
}

function mostUsed(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]?.[0] ?? 'none';
}
