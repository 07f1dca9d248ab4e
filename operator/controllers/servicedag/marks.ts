import { LABELS } from '#crds/meta.ts';
import { isNotFound } from '#kube/api-error.ts';
import { POD } from '#kube/kinds.ts';
import type { Transport } from '#kube/transport.ts';
import { surplusOf } from '../../moves.ts';
import type { Move } from '../../moves.ts';
import type { CachedPlan, CachedPod } from '../../objects.ts';
import { boundedName } from './render.ts';

/** By this annotation a ReplicaSet chooses which of its ready pods ends first: the least number. */
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
/** The least there is: nobody else gives it, so it is known for ours. */
const FIRST = '-2147483648';

const isMarked = ({ metadata }: CachedPod): boolean => metadata.annotations?.[DELETION_COST] === FIRST;

/**
 * Pods that end before others of their Deployment: those that move, and where one of the Deployments named in `shrinking` gets
 * fewer replicas, those that the plan has no place for. One that is marked stays so until it has a place. Pure.
 */
export function endingOf(
  plan: CachedPlan,
  pods: readonly CachedPod[],
  moves: readonly Move[],
  shrinking: ReadonlySet<string>,
): Set<string> {
  const surplus = surplusOf(plan, pods).filter((pod) => {
    const { [LABELS.microservice]: microservice = '', [LABELS.region]: region = '' } =
      pod.metadata.labels ?? {};
    return isMarked(pod) || shrinking.has(boundedName(plan.spec.dag.name, microservice, region));
  });
  return new Set([...moves.map(({ pod }) => pod), ...surplus].map(({ metadata }) => metadata.name));
}

/** Marks the pods of these names as the first to end, and no other; writes only what differs. */
export async function markEnding(
  transport: Transport,
  pods: readonly CachedPod[],
  ending: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  for (const pod of pods) {
    const ends = ending.has(pod.metadata.name);
    if (ends === isMarked(pod)) continue;
    const { name, namespace } = pod.metadata;
    const annotations = { [DELETION_COST]: ends ? FIRST : null };
    try {
      await transport.patchMerge(POD, name, namespace, { metadata: { annotations } }, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error; // it has gone already
    }
  }
}
