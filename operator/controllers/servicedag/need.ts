import { PLACEMENT_GATE, LABELS } from '#crds/meta.ts';
import type { CachedPod } from '../../objects.ts';
import type { Need } from './attempt.ts';
import type { Input } from './input.ts';
import { outgrows, plannedCounts } from './replicas.ts';

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

/** The load wants more replicas than were asked for last: what was asked for in vain waits for the window. */
function loadGrew({ dag, plan, wanted, last }: Input): boolean {
  const planned = plannedCounts(dag, plan);
  return outgrows(wanted, planned) && (last === undefined || outgrows(wanted, last.replicas));
}

/** A plan is looked over once in a window (architecture section 2): what runs may be better elsewhere by now. */
function windowIsOver({ plan, last, nowMs, windowMs }: Input): boolean {
  const plannedMs = last?.atMs ?? Date.parse(plan?.metadata.creationTimestamp ?? '');
  return nowMs - plannedMs > windowMs;
}

/** Why a new plan is needed; undefined while the one in force holds. Pure. */
export function needOf(input: Input): Need | undefined {
  const { dag, plan } = input;
  if (plan === undefined) return 'NoPlan';
  if (plan.spec.dag.generation !== dag.metadata.generation) return 'SpecChanged';
  if (nodeLost(input)) return 'NodeLost';
  if (podsWait(input)) return 'PodsWait';
  if (input.urgency !== undefined) return input.urgency.why;
  if (loadGrew(input)) return 'LoadGrew';
  if (input.ground.now !== input.ground.before) return 'RegionChanged';
  return windowIsOver(input) ? 'WindowOver' : undefined;
}
