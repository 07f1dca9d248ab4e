import { durationMicros, quantity } from '#crds/quantity.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import type { EdgeDemand } from './demand.ts';
import { demandOf } from './demand.ts';
import { AccessTable } from './access.ts';
import type { Ledger } from './ledger.ts';
import { allowedArcs } from './paths.ts';
import type { Usable } from './paths.ts';
import { servicesOf, sliceOf } from './service.ts';
import type { Replicas, Service } from './service.ts';
import { ledgerWithout } from './snapshot.ts';
import { keyOf, ownerOf } from './objects.ts';
import type { Snapshot } from './snapshot.ts';
import { PathTable } from './path-table.ts';

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
  readonly access: AccessTable;
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

/** Sets a DAG against a world. Throws `UnknownReference` for a region or band that the world lacks. */
export function instanceOf(snapshot: Snapshot, dag: ServiceDAG, replicasOf?: Replicas): Instance {
  const key = keyOf(dag);
  const demand = demandOf(dag);
  const ledger = ledgerWithout(snapshot, ownerOf(key));
  const free = snapshot.allocatable.map((amount, i) => amount - (ledger.used[i] ?? 0));
  const services = servicesOf(snapshot, dag, free, replicasOf);
  const indexOf = new Map(services.map((s, i) => [s.name, i]));
  const edges = demand.edges.map((edge, index): Edge => {
    return { ...edge, index, source: indexOf.get(edge.from) ?? 0, target: indexOf.get(edge.to) ?? 0 };
  });
  const usable: Usable = {
    graph: snapshot.graph,
    free: snapshot.graph.bandwidth.map((capacity, arc) => capacity - (ledger.reserved[arc] ?? 0)),
    allowed: allowedArcs(snapshot.graph, sliceOf(dag)),
  };
  const qos = dag.spec.qos;
  const ingress = ingressOf(dag, snapshot);
  const paths = new PathTable(usable);
  return {
    key,
    dag,
    snapshot,
    services,
    edges,
    incoming: services.map((_, s) => edges.filter((e) => e.target === s).map((e) => e.index)),
    outgoing: services.map((_, s) => edges.filter((e) => e.source === s).map((e) => e.index)),
    ingress,
    qos: {
      maxLatency: qos.maxLatency === undefined ? Infinity : durationMicros(qos.maxLatency),
      maxJitter: qos.maxJitter === undefined ? Infinity : durationMicros(qos.maxJitter),
      maxSync: qos.maxSync === undefined ? Infinity : durationMicros(qos.maxSync),
      minSuccess: qos.minSuccess === undefined ? 0 : quantity(qos.minSuccess),
      required: qos.enforcement === 'Required',
    },
    tasks: services.reduce((sum, s) => sum + s.replicas, 0),
    serviceOf: Int32Array.from(services.flatMap((s, i) => Array.from({ length: s.replicas }, () => i))),
    free,
    ledger,
    usable,
    paths,
    access: new AccessTable(paths, ingress),
  };
}
