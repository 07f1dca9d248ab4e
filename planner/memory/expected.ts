import type { ServiceDAG } from '#crds/servicedag.ts';
import { dagFeatures } from '#memory/retrieval/dag-features.ts';
import { expectationOf } from '#memory/retrieval/expectation.ts';
import type { Expectation } from '#memory/retrieval/expectation.ts';
import { traceDagOf, traceMapOf } from '#memory/trace/deployment.ts';
import { instanceOf } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import { keyOf } from '#world/objects.ts';
import type { Snapshot } from '#world/snapshot.ts';

/**
 * What the world model expects of what runs of a DAG, if it stayed as it is; `undefined` while a service has no replica. Throws
 * `UnknownReference` for a region that the world lacks.
 */
export function expectedOf(snapshot: Snapshot, dag: ServiceDAG): Expectation | undefined {
  const hosts = Map.groupBy(snapshot.placed.get(keyOf(dag)) ?? [], ({ microservice }) => microservice);
  if (dag.spec.microservices.some(({ name }) => !hosts.has(name))) return undefined;
  const counts = new Map([...hosts].map(([name, list]) => [name, list.length]));
  const instance = instanceOf(snapshot, dag, (name) => counts.get(name) ?? 1);
  const assign = Int32Array.from(
    instance.services.flatMap(({ name }) => (hosts.get(name) ?? []).map(({ host }) => host)),
  );
  const judgement = judge(instance, assign);
  const shape = traceDagOf(dag, counts);
  const map = traceMapOf(snapshot, dag, judgement);
  return expectationOf({ dag: shape, map, predictedUtility: 1 - judgement.cost }, dagFeatures(shape));
}
