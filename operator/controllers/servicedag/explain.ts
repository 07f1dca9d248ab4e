import type { ServiceDAGStatus } from '#crds/servicedag.ts';
import type { PlanAnswer } from '../../planner-client.ts';
import type { PlanState } from './plan-state.ts';

type Explanation = NonNullable<ServiceDAGStatus['explanation']>;

/** Why the plan is as it is, or why there is none; `before` is what was said, for when nothing new is known. */
export function explanationOf(planning: PlanState, before: Explanation | undefined): Explanation | undefined {
  if (planning.kind === 'infeasible') return { binding: planning.binding };
  if (planning.kind !== 'planned' || planning.answer === undefined) return before;
  return { ...closestLimit(planning.answer), ...secondBest(planning.answer) };
}

/** The replica whose node is fullest, and with what. */
function closestLimit({ assignments }: PlanAnswer): Explanation {
  const share = (binding: string): number => Number(/([\d.]+) %$/.exec(binding)?.[1] ?? 0);
  const [closest] = assignments.toSorted((a, b) => share(b.binding) - share(a.binding));
  if (closest === undefined || closest.binding === '') return {};
  return { binding: `${closest.microservice} on ${closest.node}: ${closest.binding}`.slice(0, 512) };
}

/** The best placement that was not taken. */
function secondBest({ alternatives, predicted }: PlanAnswer): Explanation {
  const second = alternatives.find((a) => a.latencyMicros !== predicted?.latencyMicros) ?? alternatives[0];
  if (second === undefined) return {};
  const why = `${second.method}: ${second.feasible ? 'it costs more' : 'it breaks a hard limit'}`;
  return {
    runnerUp: { latencyMicros: Math.max(0, Math.round(second.latencyMicros)), why: why.slice(0, 512) },
  };
}
