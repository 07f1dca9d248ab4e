import { isNotFound } from '#kube/api-error.ts';
import { POD } from '#kube/kinds.ts';
import type { Transport } from '#kube/transport.ts';
import type { CachedPod } from '../../objects.ts';
import type { Move } from '../../moves.ts';

/** By this annotation a ReplicaSet chooses which of its ready pods ends first: the least number. */
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
/** The least there is: nobody else gives it, so it is known for ours. */
const FIRST = '-2147483648';

const isMarked = ({ metadata }: CachedPod): boolean => metadata.annotations?.[DELETION_COST] === FIRST;

/** Marks the pods that moves leave behind as the first to end, and no other; writes only what differs. */
export async function markLeaving(
  transport: Transport,
  pods: readonly CachedPod[],
  moves: readonly Move[],
  signal: AbortSignal,
): Promise<void> {
  const leaving = new Set(moves.map(({ pod }) => pod.metadata.name));
  for (const pod of pods) {
    const leaves = leaving.has(pod.metadata.name);
    if (leaves === isMarked(pod)) continue;
    const { name, namespace } = pod.metadata;
    const annotations = { [DELETION_COST]: leaves ? FIRST : null };
    try {
      await transport.patchMerge(POD, name, namespace, { metadata: { annotations } }, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error; // it has gone already
    }
  }
}
