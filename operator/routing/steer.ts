import type { ServiceDAG } from '#crds/servicedag.ts';
import { instanceOf } from '#world/instance.ts';
import type { Judgement } from '#world/judge.ts';
import type { Snapshot } from '#world/snapshot.ts';
import { canSteer, judgeSteered } from '#world/steered.ts';
import type { RegionRoute } from './edge.ts';

const brokenBy = ({ violations }: Judgement): number => violations.filter(({ hard }) => hard).length;
const better = (a: Judgement, b: Judgement): number => brokenBy(a) - brokenBy(b) || a.cost - b.cost;

/**
 * How the calls of a ServiceDAG are best spread over the replicas that take them now, for the requests in its ingress: near replicas first,
 * and what would wait too long there, or finds no room on the way, goes on to others (`world/steering.ts`); evenly where that is
 * better. `nodes`: where the replicas of each microservice are. Undefined where there is nothing to choose, some microservice has no
 * replica, or a node is not in the world. Pure; throws `UnknownReference` as planning does.
 */
export function steer(
  snapshot: Snapshot,
  dag: ServiceDAG,
  nodes: ReadonlyMap<string, readonly string[]>,
): RegionRoute[] | undefined {
  const hostOf = new Map(snapshot.hosts.map((host, h) => [host.name, h]));
  const present = [...nodes.values()].flat().every((node) => hostOf.has(node));
  const complete = dag.spec.microservices.every(({ name }) => (nodes.get(name)?.length ?? 0) > 0);
  if (!present || !complete) return undefined;
  const instance = instanceOf(snapshot, dag, (name) => nodes.get(name)?.length ?? 1);
  if (!canSteer(instance)) return undefined;
  const assign = new Int32Array(instance.tasks);
  for (const { name, firstTask } of instance.services)
    for (const [r, node] of (nodes.get(name) ?? []).entries()) assign[firstTask + r] = hostOf.get(node) ?? 0;
  const regionOf = (node: string | undefined): string =>
    snapshot.hosts[hostOf.get(node ?? '') ?? -1]?.region ?? '';
  return judgeSteered(instance, assign, better).routes.map(({ from, to, paths }) => ({
    from,
    to,
    paths: paths.map(({ via, weightPpm }) => ({
      fromRegion: regionOf(via[0]),
      toRegion: regionOf(via.at(-1)),
      weightPpm,
    })),
  }));
}
