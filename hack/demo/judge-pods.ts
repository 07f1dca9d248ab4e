import type { EdgeRegion } from '#crds/edgeregion.ts';
import type { KubeNode, KubePod } from '#crds/node.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { LABELS } from '#crds/meta.ts';
import { instanceOf } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import type { Judgement } from '#world/judge.ts';
import { snapshotOf, withClaim } from '#world/snapshot.ts';

/**
 * What the world model says of applications where their pods really are: judged in order, each beside what the earlier ones
 * hold, so two schedulers are compared on the same ground whoever placed the pods.
 */
export function judgePods(
  nodes: readonly KubeNode[],
  regions: readonly EdgeRegion[],
  dags: readonly ServiceDAG[],
  podsOfDag: (name: string) => readonly KubePod[],
): Map<string, Judgement> {
  let snapshot = snapshotOf({ nodes, regions, dags, nowMs: 0 });
  const hostOf = new Map(snapshot.hosts.map((host, h) => [host.name, h]));
  const judgements = new Map<string, Judgement>();
  for (const dag of dags) {
    const instance = instanceOf(snapshot, dag);
    const assign = new Int32Array(instance.tasks);
    for (const service of instance.services) {
      const pods = podsOfDag(dag.metadata.name)
        .filter((pod) => pod.metadata.labels?.[LABELS.microservice] === service.name)
        .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
      for (let r = 0; r < service.replicas; r++) {
        const host = hostOf.get(pods[r]?.spec.nodeName ?? '');
        if (host === undefined)
          throw new Error(`${dag.metadata.name}/${service.name}: replica ${r} runs on no node of a region`);
        assign[service.firstTask + r] = host;
      }
    }
    const judgement = judge(instance, assign);
    snapshot = withClaim(snapshot, judgement.claim);
    judgements.set(dag.metadata.name, judgement);
  }
  return judgements;
}
