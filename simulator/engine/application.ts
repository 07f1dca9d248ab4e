import { durationMicros, quantity } from '#crds/quantity.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { demandOf } from '#world/demand.ts';
import { keyOf } from '#world/objects.ts';
import { podRequests, servingMilliCpu } from '#world/requests.ts';
import { sliceOf } from '#world/service.ts';
import type { Snapshot } from '#world/snapshot.ts';
import type { Replica } from './replica.ts';

/** A DAG in dense form: what requests walk through. Microseconds, bytes, base units. */
export interface Application {
  readonly index: number;
  readonly key: string;
  readonly dag: ServiceDAG;
  readonly slice: string;
  /** Callers before callees. */
  readonly services: readonly Service[];
  readonly entries: readonly Service[];
  readonly edges: readonly Edge[];
  readonly ingress: readonly Ingress[];
  /** How many services have several inputs, and how many nobody calls on from. */
  readonly joins: number;
  readonly exits: number;
  /** Some edge may go without a call (`callsPerRequest` below 1). */
  readonly optional: boolean;
  /** Infinity without a limit. */
  readonly maxLatency: number;
  readonly maxSync: number;
}

/** A microservice. */
export interface Service {
  /** Over all applications, and within its own. */
  readonly index: number;
  readonly local: number;
  /** Index in `spec.microservices`. */
  readonly spec: number;
  readonly name: string;
  readonly application: number;
  readonly template: ServiceDAG['spec']['microservices'][number]['template']['spec'];
  readonly max: number;
  /** Instructions of one request, and the CPU of one replica. */
  readonly work: number;
  readonly cores: number;
  /** In the columns of the snapshot. */
  readonly request: Float64Array;
  readonly outgoing: Edge[];
  readonly inputs: number;
  /** Number among the services with several inputs; -1 for one that does not join. */
  readonly join: number;
  /** Who may be called: ready, not draining; a lost one too until that is detected. */
  readonly endpoints: Replica[];
}

/** Calls from one microservice to another. */
export interface Edge {
  /** Over all applications. */
  readonly index: number;
  readonly from: Service;
  readonly to: Service;
  readonly payloadBytes: number;
  readonly calls: number;
  readonly sync: boolean;
}

/** Users of one region. */
export interface Ingress {
  readonly vertex: number;
  readonly region: string;
  readonly payloadBytes: number;
  /** Of the band: latency in microseconds, rate of one user in bit/s; undefined without a band. */
  readonly band: { readonly latency: number; readonly bandwidth: number } | undefined;
  /** Number of the first call in: one per entry service, counted with the edges. */
  readonly firstCall: number;
}

/** Numbers that count over all applications. */
interface Count {
  service: number;
  edge: number;
}

/** Sets the DAGs of a city against its world (all nodes and links up). Throws for an ingress that names what is not there. */
export function applicationsOf(dags: readonly ServiceDAG[], snapshot: Snapshot): Application[] {
  const count: Count = { service: 0, edge: 0 };
  return dags.map((dag, index) => applicationOf(dag, index, snapshot, count));
}

function applicationOf(dag: ServiceDAG, index: number, snapshot: Snapshot, count: Count): Application {
  const demand = demandOf(dag);
  const specs = dag.spec.microservices;
  let joins = 0;
  const services = demand.order.flatMap((name, local): Service[] => {
    const at = specs.findIndex((m) => m.name === name);
    const spec = specs[at];
    if (spec === undefined) return [];
    const asked = podRequests(spec.template.spec);
    const inputs = demand.edges.filter((edge) => edge.to === name).length;
    return [
      {
        index: count.service++,
        local,
        spec: at,
        name,
        application: index,
        template: spec.template.spec,
        max: spec.replicas.max ?? spec.replicas.min,
        work: quantity(spec.work ?? '0'),
        cores: servingMilliCpu(spec.template.spec) / 1000,
        request: Float64Array.from(snapshot.resources, (r) => asked.get(r) ?? 0),
        outgoing: [],
        inputs,
        join: inputs > 1 ? joins++ : -1,
        endpoints: [],
      },
    ];
  });
  const byName = new Map(services.map((service) => [service.name, service]));
  const edges = dag.spec.edges.flatMap((spec): Edge[] => {
    const [from, to] = [byName.get(spec.from), byName.get(spec.to)];
    if (from === undefined || to === undefined) return [];
    const edge: Edge = {
      index: count.edge++,
      from,
      to,
      payloadBytes: quantity(spec.payload ?? '0'),
      calls: quantity(spec.callsPerRequest ?? '1'),
      sync: spec.sync,
    };
    from.outgoing.push(edge);
    return [edge];
  });
  const entries = services.filter(({ inputs }) => inputs === 0);
  const { maxLatency, maxSync } = dag.spec.qos;
  return {
    index,
    key: keyOf(dag),
    dag,
    slice: sliceOf(dag),
    services,
    entries,
    edges,
    ingress: ingressOf(dag, snapshot, entries.length, count),
    joins,
    exits: services.filter(({ outgoing }) => outgoing.length === 0).length,
    optional: edges.some(({ calls }) => calls < 1),
    maxLatency: maxLatency === undefined ? Infinity : durationMicros(maxLatency),
    maxSync: maxSync === undefined ? Infinity : durationMicros(maxSync),
  };
}

function ingressOf(dag: ServiceDAG, snapshot: Snapshot, entries: number, count: Count): Ingress[] {
  return dag.spec.ingress.map((entry, i) => {
    const gateway = snapshot.gateways.get(entry.region);
    const band = entry.band === undefined ? undefined : gateway?.bands.get(entry.band);
    if (gateway === undefined || (entry.band !== undefined && band === undefined)) {
      const what = gateway === undefined ? `region "${entry.region}"` : `band "${entry.band}"`;
      throw new Error(
        `ServiceDAG ${keyOf(dag)} spec.ingress[${i}]: the city has no ${what}; name one it has`,
      );
    }
    const firstCall = count.edge;
    count.edge += entries;
    return {
      vertex: gateway.vertex,
      region: entry.region,
      payloadBytes: quantity(entry.payload ?? '0'),
      band,
      firstCall,
    };
  });
}
