import { PLACEMENT_GATE, LABELS } from '#crds/meta.ts';
import type { CachedPod } from '../../objects.ts';
import type { Input } from './decide.ts';

/** Why a plan is asked for. */
export type Need = 'NoPlan' | 'SpecChanged' | 'NodeLost' | 'PodsWait' | 'QoSViolated' | 'Drifted';

/** A window that breaks a limit is planned anew after this (architecture section 2). */
const WINDOW_MS = 600_000;
/** Gated for longer than this while the agent is there: it cannot place the pod where the plan wants it. */
const STUCK_MS = 5_000;

const isGated = (pod: CachedPod): boolean =>
  pod.spec.nodeName === undefined &&
  pod.spec.schedulingGates?.some((gate) => gate.name === PLACEMENT_GATE) === true;

function nodeLost({ plan, readyNodes }: Input): boolean {
  return (plan?.spec.regions ?? []).some(({ region, assignments }) =>
    assignments.some(({ ranked }) => readyNodes.get(ranked[0]?.node ?? '') !== region),
  );
}

/** Without its agent a pod waits for the agent or the reaper, not for another plan. */
function podsWait({ pods, agents, nowMs }: Input): boolean {
  return pods.some(
    (pod) =>
      isGated(pod) &&
      agents.has(pod.metadata.labels?.[LABELS.region] ?? '') &&
      nowMs - Date.parse(pod.metadata.creationTimestamp ?? '') > STUCK_MS,
  );
}

function windowBrokeALimit({ dag, plan, last, nowMs }: Input): boolean {
  const qos = dag.status?.conditions?.find((condition) => condition.type === 'WithinQoS');
  const plannedMs = last?.atMs ?? Date.parse(plan?.metadata.creationTimestamp ?? '');
  return qos?.status === 'False' && nowMs - plannedMs > WINDOW_MS;
}

/** Why a new plan is needed; undefined while the one in force holds. Pure. */
export function needOf(input: Input): Need | undefined {
  const { dag, plan } = input;
  if (plan === undefined) return 'NoPlan';
  if (plan.spec.dag.generation !== dag.metadata.generation) return 'SpecChanged';
  if (nodeLost(input)) return 'NodeLost';
  if (podsWait(input)) return 'PodsWait';
  if (input.urgency !== undefined) return input.urgency.why;
  return windowBrokeALimit(input) ? 'QoSViolated' : undefined;
}
