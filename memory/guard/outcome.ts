import type { Trace } from '#memory/trace/trace.ts';
import { scaleOf } from './calibration.ts';
import type { Calibration } from './calibration.ts';
import { scoreOf, shippedLimits } from './limits.ts';
import type { Limits } from './limits.ts';
import { trustOf } from './suspicion.ts';

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
  /** Of the agent on this tenant (`suspicionAfter`). */
  readonly suspicion: number;
}

/** What becomes of a reported outcome; `score` is its error in parts of what its class of situation allows. */
export type Verdict =
  | { readonly kind: 'admit'; readonly score: number }
  | { readonly kind: 'quarantine'; readonly score: number; readonly reason: string }
  | { readonly kind: 'refuse'; readonly reason: string };

/**
 * Only realised outcomes of authenticated agents enter the memory; one that contradicts the world model by more than honest ones do in
 * such a situation is kept aside: it is no evidence until a person or later outcomes bear it out. Better and worse than expected have
 * limits of their own.
 */
export function judgeOutcome(trace: Trace, evidence: Evidence, limits: Limits = shippedLimits()): Verdict {
  const { agent, mayReport, expectedUtility: expected, calibration, suspicion } = evidence;
  if (agent === undefined) {
    return { kind: 'refuse', reason: `trace ${trace.id} comes from nobody: agents must authenticate` };
  }
  if (!mayReport(trace)) {
    const what = `tenant "${trace.tenant}" in region "${trace.region}"`;
    return { kind: 'refuse', reason: `agent "${agent}" may not report on ${what}` };
  }
  const realised = trace.realisedUtility;
  const score = scoreOf(limits, { expected, realised });
  const trust = score > 0 ? trustOf(suspicion) : 1;
  const allowed = scaleOf(calibration, limits.typical) * trust;
  if (Math.abs(score) <= allowed) return { kind: 'admit', score };
  const doubt = trust < 1 ? `; "${agent}" has praised too often` : '';
  return {
    kind: 'quarantine',
    score,
    reason:
      `realised utility ${realised.toFixed(3)} where the world model expects ${expected.toFixed(3)}: ` +
      `${Math.abs(score).toFixed(2)} times as far ${score > 0 ? 'above' : 'below'} as such deployments are, ${allowed.toFixed(2)} is believed${doubt}`,
  };
}
