import type { ServiceDAG } from '#crds/servicedag.ts';
import { arcsAlong } from '#world/claims.ts';
import type { Claim } from '#world/ledger.ts';
import { keyOf, ownerOf } from '#world/objects.ts';
import type { Route } from '#world/prediction.ts';
import { podRequests } from '#world/requests.ts';
import { sliceOf } from '#world/service.ts';
import type { Snapshot } from '#world/snapshot.ts';
import type { Placement } from '../orchestrator.ts';

/** What an orchestrator has decided for one DAG, and stands by until it decides otherwise. */
export interface Standing {
  readonly replicas: Placement['replicas'];
  /** Replicas it wanted of each microservice: more than `replicas` holds when there was no room. */
  readonly wanted: Readonly<Record<string, number>>;
  /** Paths that calls take, with what is reserved on them. */
  readonly routes: readonly Route[];
  /** Mean service time of one call where the replicas are, microseconds. */
  readonly serve: Readonly<Record<string, number>>;
  /** The least J it had since it was last planned as a whole. */
  readonly cost: number;
}

/** What a DAG holds where it stands: its replicas' requests, and its routes' bandwidth on the links that are left. */
export function claimOf(snapshot: Snapshot, dag: ServiceDAG, standing: Standing): Claim {
  const { hosts, resources, graph } = snapshot;
  const hostOf = new Map(hosts.map((host, h) => [host.name, h]));
  const vertexOf = new Map(graph.names.map((name, v) => [name, v]));
  const amounts = new Map(
    dag.spec.microservices.map((m) => {
      const asked = podRequests(m.template.spec);
      return [m.name, resources.map((r) => asked.get(r) ?? 0)];
    }),
  );
  const slice = sliceOf(dag);
  return {
    owner: ownerOf(keyOf(dag)),
    hosts: standing.replicas.flatMap(({ microservice, node }) => {
      const host = hostOf.get(node);
      return host === undefined ? [] : [{ host, amounts: amounts.get(microservice) ?? [] }];
    }),
    arcs: standing.routes.flatMap(({ paths }) =>
      paths.flatMap(({ via, bandwidthBps: bps }) =>
        bps === 0 ? [] : (arcsAlong(graph, vertexOf, via, slice, bps) ?? []).map((arc) => ({ arc, bps })),
      ),
    ),
  };
}

/** The world as it was seen, in which every DAG is where it was put: what starts or drains just now counts where it will be. */
export function worldWith(
  snapshot: Snapshot,
  dags: readonly ServiceDAG[],
  standings: ReadonlyMap<string, Standing>,
): Snapshot {
  const hostOf = new Map(snapshot.hosts.map((host, h) => [host.name, h]));
  const claims = new Map<string, Claim>();
  const placed = new Map(snapshot.placed);
  for (const dag of dags) {
    const key = keyOf(dag);
    const standing = standings.get(key);
    if (standing === undefined) continue;
    claims.set(ownerOf(key), claimOf(snapshot, dag, standing));
    placed.set(
      key,
      standing.replicas.flatMap(({ microservice, node }, i) => {
        const host = hostOf.get(node);
        return host === undefined ? [] : [{ microservice, pod: `${microservice}-${i}`, host }];
      }),
    );
  }
  const others = snapshot.claims.filter(({ owner }) => !claims.has(owner));
  return { ...snapshot, claims: [...others, ...claims.values()], placed };
}
