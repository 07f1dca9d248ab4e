import { durationMicros, quantity } from '#crds/quantity.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import type { EdgeDemand } from './demand.ts';
import { demandOf } from './demand.ts';
import { failedCheck, lackingResource } from './feasibility.ts';
import type { Ledger } from './ledger.ts';
import { allowedArcs } from './paths.ts';
import type { Usable } from './paths.ts';
import { queueWait } from './queueing.ts';
import { podRequests, servingMilliCpu } from './requests.ts';
import { ledgerWithout } from './snapshot.ts';
import { keyOf, ownerOf } from './objects.ts';
import type { Snapshot } from './snapshot.ts';
import { PathTable } from './path-table.ts';

/** A microservice as the planner sees it. Micros, base units, host ids. */
export interface Service {
  readonly name: string;
  readonly replicas: number;
  /** First of its tasks; task ids are consecutive, one per replica. */
  readonly firstTask: number;
  readonly request: Float64Array;
  /** Hosts that pass every check and have room for one replica, ascending. */
  readonly hosts: Int32Array;
  /** Why the other hosts are out: constraint → how many. */
  readonly excluded: ReadonlyMap<string, number>;
  /** Service time on each host, without and with the wait in the queue. */
  readonly serve: Float64Array;
  readonly serveAndWait: Float64Array;
  readonly entry: boolean;
  readonly exit: boolean;
}

/** An edge between two services, by index. */
export interface Edge extends EdgeDemand {
  readonly index: number;
  readonly source: number;
  readonly target: number;
}

/** Requests from one region. */
export interface Ingress {
  readonly region: string;
  readonly vertex: number;
  /** Share of all requests, sums to 1. */
  readonly weight: number;
  readonly payloadBytes: number;
  /** Band latency + transmission over the air, and its variance and success. */
  readonly radio: number;
  readonly radioVariance: number;
  readonly radioSuccess: number;
}

/** Limits of `spec.qos` in micros and probability; Infinity or 0 where none is set. */
export interface Qos {
  readonly maxLatency: number;
  readonly maxJitter: number;
  readonly maxSync: number;
  readonly minSuccess: number;
  readonly required: boolean;
}

/** One DAG against one world: everything a search reads, in dense form. Immutable but for its path cache. */
export interface Instance {
  readonly key: string;
  readonly dag: ServiceDAG;
  readonly snapshot: Snapshot;
  /** Callers before callees. */
  readonly services: readonly Service[];
  readonly edges: readonly Edge[];
  /** Edge indices into and out of each service. */
  readonly incoming: readonly (readonly number[])[];
  readonly outgoing: readonly (readonly number[])[];
  readonly ingress: readonly Ingress[];
  readonly qos: Qos;
  readonly tasks: number;
  /** Service of each task. */
  readonly serviceOf: Int32Array;
  /** Free amounts per host and resource before this DAG. */
  readonly free: Float64Array;
  readonly ledger: Ledger;
  readonly usable: Usable;
  readonly paths: PathTable;
}

/** A DAG that names something this world does not have; `field` says where, `message` what to do. */
export class UnknownReference extends Error {
  override readonly name = 'UnknownReference';
  readonly field: string;
  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

function ingressOf(dag: ServiceDAG, snapshot: Snapshot): Ingress[] {
  const entries = dag.spec.ingress;
  const rates = entries.map((i) => quantity(i.requestsPerSecond ?? '0'));
  const total = rates.reduce((a, b) => a + b, 0);
  return entries.map((entry, i) => {
    const field = `spec.ingress[${i}]`;
    const gateway = snapshot.gateways.get(entry.region);
    if (gateway === undefined) {
      const known = [...snapshot.gateways.keys()].join(', ') || 'none';
      throw new UnknownReference(`${field}.region`, `no EdgeRegion "${entry.region}"; known: ${known}`);
    }
    const band = entry.band === undefined ? undefined : gateway.bands.get(entry.band);
    if (entry.band !== undefined && band === undefined) {
      const known = [...gateway.bands.keys()].join(', ') || 'none';
      throw new UnknownReference(
        `${field}.band`,
        `EdgeRegion ${entry.region} has no band "${entry.band}"; its bands: ${known}`,
      );
    }
    const payloadBytes = quantity(entry.payload ?? '0');
    return {
      region: entry.region,
      vertex: gateway.vertex,
      weight: total > 0 ? (rates[i] ?? 0) / total : 1 / entries.length,
      payloadBytes,
      radio:
        band === undefined
          ? 0
          : band.latency + (payloadBytes === 0 ? 0 : (payloadBytes * 8e6) / band.bandwidth),
      radioVariance: band === undefined ? 0 : band.jitter ** 2,
      radioSuccess: band?.success ?? 1,
    };
  });
}

/** Replicas wanted of each microservice; the default is `replicas.min`. */
export type Replicas = (microservice: string) => number;

/** Sets a DAG against a world. Throws `UnknownReference` for a region or band that the world lacks. */
export function instanceOf(snapshot: Snapshot, dag: ServiceDAG, replicasOf?: Replicas): Instance {
  const key = keyOf(dag);
  const demand = demandOf(dag);
  const ledger = ledgerWithout(snapshot, ownerOf(key));
  const free = snapshot.allocatable.map((amount, i) => amount - (ledger.used[i] ?? 0));
  const slice = dag.spec.slice ?? dag.spec.class.toLowerCase();
  const hosts = snapshot.hosts;
  let tasks = 0;
  const services = demand.order.map((name): Service => {
    const spec = dag.spec.microservices.find((m) => m.name === name);
    if (spec === undefined) throw new UnknownReference('spec.microservices', `no microservice "${name}"`);
    const asked = podRequests(spec.template.spec);
    const request = Float64Array.from(snapshot.resources, (r) => asked.get(r) ?? 0);
    const excluded = new Map<string, number>();
    const fitting: number[] = [];
    for (const [h, host] of hosts.entries()) {
      const failed = failedCheck({ host, slice, template: spec.template.spec })?.constraint;
      const lacking =
        failed === undefined ? lackingResource(snapshot.resources, free, h, request) : undefined;
      const reason =
        failed ??
        (lacking === undefined ? undefined : `template.spec.containers.resources.requests.${lacking}`);
      if (reason === undefined) fitting.push(h);
      else excluded.set(reason, (excluded.get(reason) ?? 0) + 1);
    }
    const replicas = replicasOf?.(name) ?? spec.replicas.min;
    const cores = servingMilliCpu(spec.template.spec) / 1000;
    const work = quantity(spec.work ?? '0');
    const serve = Float64Array.from(hosts, (host) => (work === 0 ? 0 : work / (host.mipsPerCpu * cores)));
    const rate = (demand.rate.get(name) ?? 0) / replicas;
    const firstTask = tasks;
    tasks += replicas;
    return {
      name,
      replicas,
      firstTask,
      request,
      hosts: Int32Array.from(fitting),
      excluded,
      serve,
      serveAndWait: serve.map((s) => s + queueWait(rate, s)),
      entry: !demand.edges.some((e) => e.to === name),
      exit: !demand.edges.some((e) => e.from === name),
    };
  });
  const indexOf = new Map(services.map((s, i) => [s.name, i]));
  const edges = demand.edges.map((edge, index): Edge => {
    return { ...edge, index, source: indexOf.get(edge.from) ?? 0, target: indexOf.get(edge.to) ?? 0 };
  });
  const usable: Usable = {
    graph: snapshot.graph,
    free: snapshot.graph.bandwidth.map((capacity, arc) => capacity - (ledger.reserved[arc] ?? 0)),
    allowed: allowedArcs(snapshot.graph, slice),
  };
  const qos = dag.spec.qos;
  return {
    key,
    dag,
    snapshot,
    services,
    edges,
    incoming: services.map((_, s) => edges.filter((e) => e.target === s).map((e) => e.index)),
    outgoing: services.map((_, s) => edges.filter((e) => e.source === s).map((e) => e.index)),
    ingress: ingressOf(dag, snapshot),
    qos: {
      maxLatency: qos.maxLatency === undefined ? Infinity : durationMicros(qos.maxLatency),
      maxJitter: qos.maxJitter === undefined ? Infinity : durationMicros(qos.maxJitter),
      maxSync: qos.maxSync === undefined ? Infinity : durationMicros(qos.maxSync),
      minSuccess: qos.minSuccess === undefined ? 0 : quantity(qos.minSuccess),
      required: qos.enforcement === 'Required',
    },
    tasks,
    serviceOf: Int32Array.from(services.flatMap((s, i) => Array.from({ length: s.replicas }, () => i))),
    free,
    ledger,
    usable,
    paths: new PathTable(usable),
  };
}
