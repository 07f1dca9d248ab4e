import { PLACEMENT_GATE } from '#crds/meta.ts';
import { durationMicros } from '#crds/quantity.ts';
import type { CachedDag, CachedPlan, CachedPod } from '../../objects.ts';
import { LABELS } from '#crds/meta.ts';

/** What the reaper does with a pod that waits at our gate. */
export type GateDecision =
  | { readonly kind: 'leave' }
  | { readonly kind: 'wait'; readonly afterMs: number }
  /** Give it to the scheduler with the plan's nodes as preference only. */
  | { readonly kind: 'release'; readonly patch: readonly object[] };

const hasGate = (pod: CachedPod): boolean =>
  pod.spec.schedulingGates?.some((gate) => gate.name === PLACEMENT_GATE) === true;

/** A gated pod that nobody has decided about for `placement.fallback.after` is released, or held (mode `Hold`). */
export function decideGate(
  pod: CachedPod,
  dag: CachedDag | undefined,
  plan: CachedPlan | undefined,
  nowMs: number,
): GateDecision {
  if (!hasGate(pod) || pod.metadata.deletionTimestamp !== undefined || dag === undefined)
    return { kind: 'leave' };
  const { after, mode } = dag.spec.placement.fallback;
  if (mode === 'Hold') return { kind: 'leave' };
  const born = Date.parse(pod.metadata.creationTimestamp ?? '');
  const afterMs = Number.isNaN(born) ? 0 : born + durationMicros(after) / 1000 - nowMs;
  return afterMs > 0 ? { kind: 'wait', afterMs } : { kind: 'release', patch: releasePatch(pod, plan) };
}

/** One JSON patch: the gate goes, the plan's nodes become preferred terms. The uid and the gate are tested: an agent may be faster. */
function releasePatch(pod: CachedPod, plan: CachedPlan | undefined): object[] {
  const gates = pod.spec.schedulingGates ?? [];
  const at = gates.findIndex((gate) => gate.name === PLACEMENT_GATE);
  const labels = pod.metadata.labels ?? {};
  const nodes = (plan?.spec.regions ?? [])
    .filter((section) => section.region === labels[LABELS.region])
    .flatMap((section) => section.assignments)
    .filter((assignment) => assignment.microservice === labels[LABELS.microservice])
    .map((assignment) => assignment.ranked[0]?.node ?? '');
  const preferred = [...new Set(nodes)].slice(0, 8).map((node) => ({
    weight: 100,
    preference: { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] },
  }));
  const nodeAffinity = { preferredDuringSchedulingIgnoredDuringExecution: preferred };
  const affinity = {
    ...pod.spec.affinity,
    nodeAffinity: { ...pod.spec.affinity?.nodeAffinity, ...nodeAffinity },
  };
  return [
    { op: 'test', path: '/metadata/uid', value: pod.metadata.uid },
    { op: 'test', path: `/spec/schedulingGates/${at}/name`, value: PLACEMENT_GATE },
    ...(preferred.length === 0 ? [] : [{ op: 'add', path: '/spec/affinity', value: affinity }]),
    gates.length === 1
      ? { op: 'remove', path: '/spec/schedulingGates' }
      : { op: 'remove', path: `/spec/schedulingGates/${at}` },
  ];
}
