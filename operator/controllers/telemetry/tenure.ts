import type { CachedDag, CachedPlan } from '../../objects.ts';
import type { EntrySeen } from './smooth.ts';
import { brokenLimits } from './trouble.ts';

/** A moment of a plan in force. */
export interface Moment {
  readonly atMs: number;
  readonly latencyMicros: number;
  readonly successPpm: number;
  readonly utilisationPpm: number;
}

/** The time that a plan has been in force, and what was measured meanwhile. */
export interface Tenure {
  /** Name of the plan. */
  readonly plan: string;
  /** When it was first seen in force. */
  readonly sinceMs: number;
  /** When all its replicas were first seen placed. */
  readonly placedMs: number | undefined;
  /** Not every replica was where the plan wants it: its outcome is not that of the plan. */
  readonly isDeviant: boolean;
  /** Looks that count, and the sums over them. */
  readonly looks: number;
  readonly latencyMicros: number;
  readonly p99Micros: number;
  readonly success: number;
  readonly broken: number;
  readonly utilisation: number;
  /** Some of the moments, evenly spread. */
  readonly rollout: readonly Moment[];
  /** Its outcome was handed on. */
  readonly isTold: boolean;
}

const MOST_MOMENTS = 64;

/** A plan that comes into force. */
export const tenureFrom = (plan: CachedPlan, nowMs: number): Tenure => ({
  plan: plan.metadata.name,
  sinceMs: nowMs,
  placedMs: undefined,
  isDeviant: false,
  looks: 0,
  latencyMicros: 0,
  p99Micros: 0,
  success: 0,
  broken: 0,
  utilisation: 0,
  rollout: [],
  isTold: plan.status?.conditions?.some(({ type }) => type === 'Reported') === true,
});

/** What one more look means to a tenure. */
export interface Look {
  readonly dag: CachedDag;
  /** What was seen now, not smoothed; undefined when the entry was not measured. */
  readonly entry: EntrySeen | undefined;
  readonly isPlaced: boolean;
  readonly isAsPlanned: boolean;
  /** Share of the processors that is taken, 0 to 1. */
  readonly utilisation: number;
  /** Over which measurements look back: those of the plan before do not count. */
  readonly windowMs: number;
  readonly nowMs: number;
}

/** A tenure after one more look. Measurements count once they are all of the time since every replica was placed. Pure. */
export function seeOn(tenure: Tenure, look: Look): Tenure {
  const { entry, nowMs } = look;
  const placedMs = tenure.placedMs ?? (look.isPlaced ? nowMs : undefined);
  if (placedMs === undefined || nowMs - placedMs < look.windowMs || entry === undefined)
    return { ...tenure, placedMs };
  const isDeviant = tenure.isDeviant || !look.isAsPlanned;
  const success = entry.success ?? 1;
  const moment: Moment = {
    atMs: nowMs - tenure.sinceMs,
    latencyMicros: Math.round(entry.latencyMicros),
    successPpm: Math.round(success * 1e6),
    utilisationPpm: Math.round(look.utilisation * 1e6),
  };
  const rollout = [...tenure.rollout, moment];
  return {
    ...tenure,
    placedMs,
    isDeviant,
    looks: tenure.looks + 1,
    latencyMicros: tenure.latencyMicros + entry.latencyMicros,
    p99Micros: tenure.p99Micros + (entry.p99Micros ?? entry.latencyMicros),
    success: tenure.success + success,
    broken: tenure.broken + Number(brokenLimits(look.dag, entry).length > 0),
    utilisation: tenure.utilisation + look.utilisation,
    rollout: rollout.length > MOST_MOMENTS ? rollout.filter((_, i) => i % 2 === 1) : rollout,
  };
}

/** What a plan came to: means over the looks that count. */
export interface Realised {
  readonly latencyMicros: number;
  readonly p99LatencyMicros: number;
  readonly successPpm: number;
  /** Share of the looks at which a limit was broken. */
  readonly violationPpm: number;
  readonly utilisationPpm: number;
}

/** The outcome of a tenure so far; undefined while nothing of it was measured. Pure. */
export function realisedOf(tenure: Tenure): Realised | undefined {
  const { looks } = tenure;
  if (looks === 0) return undefined;
  const mean = (sum: number, scale = 1): number => Math.round((sum / looks) * scale);
  return {
    latencyMicros: mean(tenure.latencyMicros),
    p99LatencyMicros: mean(tenure.p99Micros),
    successPpm: mean(tenure.success, 1e6),
    violationPpm: mean(tenure.broken, 1e6),
    utilisationPpm: mean(tenure.utilisation, 1e6),
  };
}

/** Whether the outcome of a plan in force is due to be told: it was measured, and in force for so long. */
export const isDue = (tenure: Tenure, outcomeMs: number, nowMs: number): boolean =>
  !tenure.isTold && tenure.looks > 0 && nowMs - tenure.sinceMs >= outcomeMs;
