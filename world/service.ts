import { quantity } from '#crds/quantity.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { demandOf } from './demand.ts';
import { failedCheck, lackingResource } from './feasibility.ts';
import { keyOf } from './objects.ts';
import { queueWait } from './queueing.ts';
import { podRequests, servingMilliCpu } from './requests.ts';
import type { Snapshot } from './snapshot.ts';

type Template = ServiceDAG['spec']['microservices'][number]['template']['spec'];

/** A microservice as the planner sees it. Micros, base units, host ids. */
export interface Service {
  readonly name: string;
  readonly replicas: number;
  /** Limits of `replicas`. */
  readonly min: number;
  readonly max: number;
  readonly template: Template;
  /** Hosts where replicas run now: there they may stay even if nothing new may come. */
  readonly running: ReadonlySet<number>;
  /** First of its tasks; task ids are consecutive, one per replica. */
  readonly firstTask: number;
  readonly request: Float64Array;
  /** Hosts that pass every check and have room for one replica, ascending. */
  readonly hosts: Int32Array;
  /** Why the other hosts are out: constraint → how many. */
  readonly excluded: ReadonlyMap<string, number>;
  /** Calls/s that reach all its replicas together; 0 when no rate is known. */
  readonly rate: number;
  /** Service time on each host, without and with the wait in the queue of a replica that gets an even share. */
  readonly serve: Float64Array;
  readonly serveAndWait: Float64Array;
  readonly entry: boolean;
  readonly exit: boolean;
}

/** Replicas wanted of each microservice; the default is `replicas.min`. */
export type Replicas = (microservice: string) => number;

/** The network slice of a DAG. */
export const sliceOf = (dag: ServiceDAG): string => dag.spec.slice ?? dag.spec.class.toLowerCase();

/** Services with callers before callees. `free`: what others leave, `host * resources + resource`. */
export function servicesOf(
  snapshot: Snapshot,
  dag: ServiceDAG,
  free: Float64Array,
  replicasOf?: Replicas,
): Service[] {
  const demand = demandOf(dag);
  const slice = sliceOf(dag);
  const placed = snapshot.placed.get(keyOf(dag)) ?? [];
  const specs = new Map(dag.spec.microservices.map((m) => [m.name, m]));
  let firstTask = 0;
  return demand.order.flatMap((name): Service[] => {
    const spec = specs.get(name);
    if (spec === undefined) return [];
    const template = spec.template.spec;
    const asked = podRequests(template);
    const request = Float64Array.from(snapshot.resources, (r) => asked.get(r) ?? 0);
    const excluded = new Map<string, number>();
    const fitting: number[] = [];
    for (const [h, host] of snapshot.hosts.entries()) {
      const failed = failedCheck({ host, slice, template })?.constraint;
      const lacking =
        failed === undefined ? lackingResource(snapshot.resources, free, h, request) : undefined;
      const reason =
        failed ??
        (lacking === undefined ? undefined : `template.spec.containers.resources.requests.${lacking}`);
      if (reason === undefined) fitting.push(h);
      else excluded.set(reason, (excluded.get(reason) ?? 0) + 1);
    }
    const replicas = replicasOf?.(name) ?? spec.replicas.min;
    const cores = servingMilliCpu(template) / 1000;
    const work = quantity(spec.work ?? '0');
    const serve = Float64Array.from(snapshot.hosts, (host) =>
      work === 0 ? 0 : work / (host.mipsPerCpu * cores),
    );
    const rate = demand.rate.get(name) ?? 0;
    const first = firstTask;
    firstTask += replicas;
    return [
      {
        name,
        replicas,
        min: spec.replicas.min,
        max: spec.replicas.max ?? spec.replicas.min,
        template,
        running: new Set(placed.filter((p) => p.microservice === name).map((p) => p.host)),
        firstTask: first,
        request,
        hosts: Int32Array.from(fitting),
        excluded,
        serve,
        rate,
        serveAndWait: serve.map((s) => s + queueWait(rate / replicas, s)),
        entry: !demand.edges.some((e) => e.to === name),
        exit: !demand.edges.some((e) => e.from === name),
      },
    ];
  });
}
