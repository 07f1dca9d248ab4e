import type { CachedDag, CachedPlan } from '../../objects.ts';
import type { Measured } from '../../telemetry/measured.ts';
import { blend } from './blend.ts';
import { planningRates } from './planning-rates.ts';
import { isNews } from './news.ts';
import { recall, reportOf } from './report.ts';
import type { Failure, Report } from './report.ts';
import { lookOf } from './smooth.ts';
import type { Smooth } from './smooth.ts';
import { isDue, seeOn, tenureFrom } from './tenure.ts';
import type { Tenure } from './tenure.ts';
import { driftOf, PATIENCE, troublesOf, urgencyOf } from './trouble.ts';
import type { Patience, Troubles, Urgency } from './trouble.ts';

/** What is remembered of one ServiceDAG between two looks. */
export interface State {
  readonly smooth: Smooth | undefined;
  readonly planning: readonly number[] | undefined;
  readonly troubles: Troubles;
  readonly tenure: Tenure | undefined;
  /** What was told last, and when. */
  readonly told: Report | undefined;
  readonly toldMs: number;
}

/** What one look at one ServiceDAG is made from. */
export interface Input {
  readonly dag: CachedDag;
  readonly plan: CachedPlan | undefined;
  /** Whether every replica has its node. */
  readonly isPlaced: boolean;
  /** Every replica is on the node that the plan names first. */
  readonly isAsPlanned: boolean;
  /** Share of the processors that is taken, 0 to 1. */
  readonly utilisation: number;
  /** What was measured now; undefined when the source knows nothing of it, or did not answer. */
  readonly measured: Measured | undefined;
  readonly failure: Failure | undefined;
  /** When a plan was last made because of measurements. */
  readonly replannedMs: number | undefined;
  readonly patience?: Patience | undefined;
  readonly periodMs: number;
  readonly windowMs: number;
  readonly nowMs: number;
}

/** What follows from a look. */
export interface Decision {
  readonly state: State;
  /** There is something new to say of it. */
  readonly isNews: boolean;
  /** Outcomes to hand on: of a plan that another has replaced, or that has been in force for a window. */
  readonly outcomes: readonly Tenure[];
  /** Another plan is wanted now. */
  readonly urgency: Urgency | undefined;
  /** δ of the plan in force, while the entry is measured. */
  readonly drift: number | undefined;
}

/** Before anything was seen. */
export const NOTHING: State = {
  smooth: undefined,
  planning: undefined,
  troubles: {},
  tenure: undefined,
  told: undefined,
  toldMs: -Infinity,
};

/** In periods: the time constant of the means; what is older is not fresh; status says something new this often at most. */
export const PERIODS = { smooth: 4, fresh: 4, tell: 4 } as const;

/** One look at one ServiceDAG. Pure. */
export function decide(before: State, input: Input): Decision {
  const { dag, plan, measured, nowMs, periodMs, patience = PATIENCE } = input;
  const freshMs = PERIODS.fresh * periodMs;
  const look = measured === undefined ? undefined : lookOf(dag, measured, nowMs);
  const isOld = before.smooth === undefined || nowMs - before.smooth.atMs > freshMs;
  const smooth =
    look === undefined
      ? before.smooth
      : blend(isOld ? undefined : before.smooth, look, PERIODS.smooth * periodMs);
  const isFresh = smooth !== undefined && nowMs - smooth.atMs <= freshMs;
  // What nobody measures any more goes back to what is declared.
  const planning = isFresh ? planningRates(dag, smooth, before.planning) : undefined;
  const report = reportOf({ ...input, smooth, planning, freshMs });
  const { tenure, ended } = follow(before.tenure, input, look);
  const isSettled = tenure?.placedMs !== undefined && nowMs - tenure.placedMs >= input.windowMs;
  const entry = isSettled && report.fresh !== undefined ? smooth?.entry : undefined;
  const known = ended === undefined ? before.troubles : {};
  const troubles = plan === undefined ? {} : troublesOf(known, dag, plan, entry, nowMs);
  const told = before.told ?? recall(dag);
  const tells = nowMs - before.toldMs >= PERIODS.tell * periodMs && isNews(told, report);
  const due = tenure !== undefined && isDue(tenure, patience.outcomeMs, nowMs);
  return {
    state: {
      smooth,
      planning,
      troubles,
      tenure: due ? { ...tenure, isTold: true } : tenure,
      told: tells ? report : told,
      toldMs: tells ? nowMs : before.toldMs,
    },
    isNews: tells,
    outcomes: [
      ...(ended !== undefined && !ended.isTold && ended.looks > 0 ? [ended] : []),
      ...(due ? [tenure] : []),
    ],
    urgency: urgencyOf(troubles, input.replannedMs, nowMs, patience),
    drift: entry === undefined ? undefined : driftOf(plan?.spec.predicted, entry),
  };
}

/** The tenure of the plan in force, and the one that a new plan has ended. */
function follow(
  before: Tenure | undefined,
  input: Input,
  look: Smooth | undefined,
): { tenure: Tenure | undefined; ended: Tenure | undefined } {
  const { plan, nowMs } = input;
  const isSame = before?.plan === plan?.metadata.name;
  const tenure = isSame ? before : plan === undefined ? undefined : tenureFrom(plan, nowMs);
  return {
    tenure: tenure === undefined ? undefined : seeOn(tenure, { ...input, entry: look?.entry }),
    ended: isSame ? undefined : before,
  };
}
