import type { Trace } from '#memory/trace/trace.ts';
import { calibratedError } from './calibration.ts';
import type { Calibration } from './calibration.ts';

/** What is known about a reported outcome beside the report. */
export interface Evidence {
  /** Name under which the reporting agent authenticated itself; undefined: it did not. */
  readonly agent: string | undefined;
  /** Regions and tenants the agent may report on. */
  readonly mayReport: (trace: Trace) => boolean;
  /** Utility that our own world model computes for the reported placement: not what the report says was predicted. */
  readonly expectedUtility: number;
  /** Of the reported source and class. */
  readonly calibration: Calibration;
}

/** What becomes of a reported outcome. */
export type Verdict =
  | { readonly kind: 'admit'; readonly error: number }
  | { readonly kind: 'quarantine'; readonly error: number; readonly reason: string }
  | { readonly kind: 'refuse'; readonly reason: string };

/** How strict the guard is. */
export interface GuardSettings {
  /** Medians of the error that are still believed. */
  readonly factor: number;
  /** Contradiction that is allowed before errors are calibrated, and never more. */
  readonly fallbackError: number;
}

export const GUARD_SETTINGS: GuardSettings = { factor: 3.82, fallbackError: 0.25 };

/** Below this a deployment has failed, by how much is chance: J is infinite for a queue without end, and no report is. */
const LEAST_UTILITY = -1;
const bounded = (utility: number): number => Math.max(LEAST_UTILITY, utility);

/**
 * Only realised outcomes of authenticated agents enter the memory; one that contradicts the world model by more than its
 * calibrated error is kept aside: it is no evidence until a person or later outcomes bear it out.
 */
export function judgeOutcome(
  trace: Trace,
  evidence: Evidence,
  settings: GuardSettings = GUARD_SETTINGS,
): Verdict {
  if (evidence.agent === undefined) {
    return { kind: 'refuse', reason: `trace ${trace.id} comes from nobody: agents must authenticate` };
  }
  if (!evidence.mayReport(trace)) {
    const what = `tenant "${trace.tenant}" in region "${trace.region}"`;
    return { kind: 'refuse', reason: `agent "${evidence.agent}" may not report on ${what}` };
  }
  const error = Math.abs(bounded(trace.realisedUtility) - bounded(evidence.expectedUtility));
  const allowed = calibratedError(evidence.calibration, settings.factor, settings.fallbackError);
  if (error <= allowed) return { kind: 'admit', error };
  return {
    kind: 'quarantine',
    error,
    reason:
      `realised utility ${trace.realisedUtility.toFixed(3)} where the world model expects ` +
      `${evidence.expectedUtility.toFixed(3)}: ${error.toFixed(3)} apart, ${allowed.toFixed(3)} is calibrated`,
  };
}
