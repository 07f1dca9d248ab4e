import { join } from 'node:path';
import type { KubeNode } from '#crds/node.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { parseFiles } from '#crds/parse.ts';
import { snapshotOf } from '#world/snapshot.ts';
import type { Snapshot } from '#world/snapshot.ts';

const SAMPLES = join(import.meta.dirname, '../config/samples');

/**
 * The demo's regions with `count` nodes: the demo's own, again and again under other names (those that only hang on their
 * gateway, once the first set is used up), and the demo's online boutique of 11 services (peers' case of 10 to 10,000 nodes).
 */
export async function largeWorld(count: number): Promise<{ snapshot: Snapshot; dag: ServiceDAG }> {
  const objects = await parseFiles(
    ['nodes', 'regions', 'online-boutique'].map((n) => join(SAMPLES, `${n}.yaml`)),
  );
  const [dag] = objects.serviceDAGs;
  if (dag === undefined) throw new Error('config/samples/online-boutique.yaml holds no ServiceDAG');
  const linked = new Set(
    objects.edgeRegions.flatMap((r) => r.spec.topology?.links.flatMap((l) => [l.from, l.to]) ?? []),
  );
  const plain = objects.nodes.filter((n) => !linked.has(n.metadata.name));
  const nodes: KubeNode[] = objects.nodes.toSorted((a, b) => rank(a) - rank(b)).slice(0, count);
  while (nodes.length < count) {
    const model = plain[nodes.length % plain.length];
    if (model === undefined) break;
    nodes.push({ ...model, metadata: { ...model.metadata, name: `${model.metadata.name}-${nodes.length}` } });
  }
  return { dag, snapshot: snapshotOf({ nodes, regions: objects.edgeRegions, dags: [dag], nowMs: 0 }) };
}

/** Small worlds take nodes of all sizes: by the last part of the name, then the name. */
const rank = (node: KubeNode): number => Number(/(\d+)$/.exec(node.metadata.name)?.[1] ?? 0);
