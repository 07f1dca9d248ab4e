import { PLACEMENT_GATE } from '#crds/meta.ts';
import { durationMicros } from '#crds/quantity.ts';
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

/** A gated pod that nobody has decided about for `placement.fallback.after` is released, or held (mode `Hold`). */
export function decideGate(
  pod: CachedPod,
  dag: CachedDag | undefined,
  plan: CachedPlan | undefined,
  nowMs: number,
): GateDecision {
  if (!isGated(pod) || pod.metadata.deletionTimestamp !== undefined || dag === undefined)
    return { kind: 'leave' };
  const { after, mode } = dag.spec.placement.fallback;
  if (mode === 'Hold') return { kind: 'leave' };
  const born = Date.parse(pod.metadata.creationTimestamp ?? '');
  const afterMs = Number.isNaN(born) ? 0 : born + durationMicros(after) / 1000 - nowMs;
  return afterMs > 0 ? { kind: 'wait', afterMs } : { kind: 'release', patch: releasePatch(pod, dag, plan) };
}
