import { LABELS, PLACEMENT_GATE } from '#crds/meta.ts';
import { durationMicros } from '#crds/quantity.ts';
import type { Move } from '../../moves.ts';
import type { CachedDag, CachedPlan, CachedPod } from '../../objects.ts';
import { releasePatch } from './release-patch.ts';
import type { ReleasePatch } from './release-patch.ts';

/** What the reaper does with a pod that waits at our gate. */
export type GateDecision =
  | { readonly kind: 'leave' }
  | { readonly kind: 'wait'; readonly afterMs: number }
  /** Give it to the scheduler with the plan's nodes as preference only. */
  | { readonly kind: 'release'; readonly patch: ReleasePatch };

/** Whether a pod waits at our gate. */
export const isGated = (pod: CachedPod): boolean =>
  pod.spec.schedulingGates?.some((gate) => gate.name === PLACEMENT_GATE) === true;

/** How soon a pod is looked at again that waits in vain for the place it moves to. */
const MOVING_MS = 10_000;

/**
 * A gated pod that nobody has decided about for `placement.fallback.after` is released, or held (mode `Hold`). One that another
 * pod serves for meanwhile is never released: it goes to its planned node or nowhere.
 */
export function decideGate(
  pod: CachedPod,
  dag: CachedDag | undefined,
  plan: CachedPlan | undefined,
  moves: readonly Move[],
  nowMs: number,
): GateDecision {
  if (!isGated(pod) || pod.metadata.deletionTimestamp !== undefined || dag === undefined)
    return { kind: 'leave' };
  const { after, mode } = dag.spec.placement.fallback;
  if (mode === 'Hold') return { kind: 'leave' };
  const born = Date.parse(pod.metadata.creationTimestamp ?? '');
  const afterMs = Number.isNaN(born) ? 0 : born + durationMicros(after) / 1000 - nowMs;
  const labels = pod.metadata.labels ?? {};
  const isServedFor = moves.some(
    ({ microservice, to }) => microservice === labels[LABELS.microservice] && to === labels[LABELS.region],
  );
  if (isServedFor) return { kind: 'wait', afterMs: Math.max(afterMs, MOVING_MS) };
  return afterMs > 0 ? { kind: 'wait', afterMs } : { kind: 'release', patch: releasePatch(pod, dag, plan) };
}
