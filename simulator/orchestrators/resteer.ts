import type { ServiceDAG } from '#crds/servicedag.ts';
import { demandOf } from '#world/demand.ts';
import { instanceOf } from '#world/instance.ts';
import type { Instance } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import { keyOf } from '#world/objects.ts';
import type { Snapshot } from '#world/snapshot.ts';
import type { Found } from './settle.ts';
import type { Standing } from './standing.ts';

/** Change of a DAG's requests, as a share, from which its calls are steered anew. */
const CHANGE = 0.1;

/** For how many requests/s the calls of each DAG are steered. */
export class Steered {
  readonly #rates = new Map<string, number>();

  /** Calls are steered now for the rates in the DAG's ingress. */
  note(dag: ServiceDAG): void {
    this.#rates.set(keyOf(dag), demandOf(dag).ingressRate);
  }

  /** Whether the rates have changed too much since, for a DAG of which some service has several replicas. */
  isStale(dag: ServiceDAG, standing: Standing | undefined): boolean {
    if (standing === undefined || standing.replicas.length <= dag.spec.microservices.length) return false;
    const rate = demandOf(dag).ingressRate;
    const before = this.#rates.get(keyOf(dag)) ?? rate;
    return Math.abs(rate - before) > CHANGE * before;
  }
}

/** The replicas that stand, judged for the rates in the DAG's ingress; undefined while one is missing. */
export function asItStands(
  world: Snapshot,
  dag: ServiceDAG,
  { replicas }: Standing,
): { instance: Instance; found: Found } | undefined {
  const hostOf = new Map(world.hosts.map((host, h) => [host.name, h]));
  const byService = Map.groupBy(replicas, ({ microservice }) => microservice);
  if (dag.spec.microservices.some((m) => (byService.get(m.name)?.length ?? 0) < m.replicas.min))
    return undefined;
  const instance = instanceOf(world, dag, (name) => byService.get(name)?.length ?? 0);
  const hosts = instance.services.flatMap(({ name }) =>
    (byService.get(name) ?? []).map(({ node }) => hostOf.get(node) ?? -1),
  );
  if (hosts.includes(-1)) return undefined;
  const assign = Int32Array.from(hosts);
  return { instance, found: { assign, judgement: judge(instance, assign) } };
}
