import type { AccessPath, Assignment, Prediction, Route, Violation } from '#world/prediction.ts';
import type { Alternative, Plan } from './plan.ts';
import type { RankedNode } from './rank.ts';

/** A plan as the command line and the planner's HTTP answer write it (architecture section 6). */
export interface PlanDocument {
  readonly dag: string;
  readonly feasible: boolean;
  readonly source: 'Search' | 'Memory' | 'Model' | 'LLM';
  /** Which search found it. */
  readonly method: string;
  readonly assignments: readonly (Assignment & {
    readonly ranked: readonly RankedNode[];
    /** Pod that runs the replica elsewhere now, when the plan moves it. */
    readonly replaces?: string;
  })[];
  readonly routes: readonly Route[];
  readonly ingress: readonly AccessPath[];
  /** Of the least wrong attempt when nothing is feasible; absent when no node can run a service at all. */
  readonly predicted?: Prediction;
  readonly violations: readonly Violation[];
  readonly alternatives: readonly Alternative[];
  readonly provenance: {
    readonly candidates: number;
    readonly feasibleBeforeRepair: number;
    readonly repaired: number;
    /** Encoder of the memory that was asked, and the traces that it retrieved, the best first; absent without a memory. */
    readonly encoderVersion?: string;
    readonly traces?: readonly string[];
    /** Why the plan was made without the memory that was configured. */
    readonly withoutMemory?: string;
  };
  readonly elapsedMicros: number;
}

/** The document of a plan. An infeasible one carries no assignment: nothing may act on it. */
export function documentOf(plan: Plan, elapsedMicros: number): PlanDocument {
  const acts = plan.feasible ? plan.best : undefined;
  return {
    dag: plan.dag,
    feasible: plan.feasible,
    source: plan.source,
    method: plan.method,
    assignments: (acts?.assignments ?? []).map((a, i) => {
      const replaces = plan.replaces.get(`${a.microservice}/${a.replica}`);
      return { ...a, ranked: plan.ranked[i] ?? [], ...(replaces === undefined ? {} : { replaces }) };
    }),
    routes: acts?.routes ?? [],
    ingress: acts?.ingress ?? [],
    ...(plan.best === undefined ? {} : { predicted: plan.best.predicted }),
    violations: plan.violations,
    alternatives: plan.alternatives,
    provenance: {
      candidates: plan.candidates,
      feasibleBeforeRepair: plan.feasibleBeforeRepair,
      repaired: plan.repaired,
      ...recollection(plan),
    },
    elapsedMicros,
  };
}

function recollection({
  recollected,
}: Plan): Pick<PlanDocument['provenance'], 'encoderVersion' | 'traces' | 'withoutMemory'> {
  if (recollected === undefined) return {};
  const { encoderVersion, traces, without } = recollected;
  return {
    traces,
    ...(encoderVersion === undefined ? {} : { encoderVersion }),
    ...(without === undefined ? {} : { withoutMemory: without }),
  };
}
