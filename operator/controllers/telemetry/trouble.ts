import { durationMicros, formatMicros, quantity } from '#crds/quantity.ts';
import type { CachedDag, CachedPlan } from '../../objects.ts';
import type { EntrySeen } from './smooth.ts';

/** Something that is wrong, and since when without a break. */
export interface Lasting {
  readonly sinceMs: number;
  readonly text: string;
}

/** What may call for another plan. */
export interface Troubles {
  /** A limit of `spec.qos` that is measured to be broken. */
  readonly violation?: Lasting | undefined;
  /** Measurements are far from what the plan predicts. */
  readonly drift?: Lasting | undefined;
}

/** Why another plan is wanted now. */
export interface Urgency {
  readonly why: 'QoSViolated' | 'Drifted';
  readonly text: string;
}

/** How long things are left as they are. */
export interface Patience {
  /** A violation or a drift counts when it has lasted for this long. */
  readonly lastsMs: number;
  /** After a plan that was made for one, none is made for another before this. */
  readonly coolDownMs: number;
  /** A plan that was in force for this long has an outcome: a window of planning (architecture section 2). */
  readonly outcomeMs: number;
}

/** As patient as the architecture says. */
export const PATIENCE: Patience = { lastsMs: 60_000, coolDownMs: 600_000, outcomeMs: 600_000 };

/** Drift that is too much (δ_mis): measured is half as much again as predicted, or half of it. */
const MOST_DRIFT = 0.5;
/** What was broken is whole again below this part of its limit: at the limit itself it would come and go. */
const HEALED = 0.95;

/** Limits of latency and success that are measured to be broken, as sentences. Pure. */
export function brokenLimits(
  dag: CachedDag,
  { latencyMicros, success }: Pick<EntrySeen, 'latencyMicros' | 'success'>,
  slack = 1,
): string[] {
  const { maxLatency, minSuccess } = dag.spec.qos;
  const least = minSuccess === undefined ? 0 : quantity(minSuccess);
  return [
    ...(maxLatency !== undefined && latencyMicros > slack * durationMicros(maxLatency)
      ? [`latency: measured ${formatMicros(latencyMicros)}, the limit is ${maxLatency}`]
      : []),
    ...(success !== undefined && 1 - success > slack * (1 - least) + 1e-9 && least > 0
      ? [`success: measured ${Math.round(success * 1e6)} ppm, at least ${minSuccess} is asked`]
      : []),
  ];
}

/** δ: the larger of the relative differences of latency and of success between what is measured and what is predicted. Pure. */
export function driftOf(
  predicted: CachedPlan['spec']['predicted'],
  { latencyMicros, success }: Pick<EntrySeen, 'latencyMicros' | 'success'>,
): number | undefined {
  if (predicted?.latencyMicros === undefined || predicted.latencyMicros === 0) return undefined;
  const late = Math.abs(latencyMicros - predicted.latencyMicros) / predicted.latencyMicros;
  const { successPpm = 0 } = predicted;
  const lost =
    success === undefined || successPpm === 0 ? 0 : Math.abs(success * 1e6 - successPpm) / successPpm;
  return Math.max(late, lost);
}

/** Troubles after one more look; none are known while the entry is not measured. Pure. */
export function troublesOf(
  before: Troubles,
  dag: CachedDag,
  plan: CachedPlan,
  entry: EntrySeen | undefined,
  nowMs: number,
): Troubles {
  if (entry === undefined) return {};
  const broken = brokenLimits(dag, entry, before.violation === undefined ? 1 : HEALED);
  const drift = driftOf(plan.spec.predicted, entry) ?? 0;
  const most = before.drift === undefined ? MOST_DRIFT : HEALED * MOST_DRIFT;
  const lasts = (known: Lasting | undefined, text: string): Lasting => ({
    sinceMs: known?.sinceMs ?? nowMs,
    text,
  });
  const predicted = formatMicros(plan.spec.predicted?.latencyMicros ?? 0);
  const far = `measured ${formatMicros(entry.latencyMicros)}, ${plan.metadata.name} predicts ${predicted}`;
  return {
    violation: broken.length === 0 ? undefined : lasts(before.violation, broken.join('; ')),
    drift: drift <= most ? undefined : lasts(before.drift, far),
  };
}

/** The trouble that calls for another plan now: one that has lasted, unless a plan was made for one too short a time ago. Pure. */
export function urgencyOf(
  { violation, drift }: Troubles,
  replannedMs: number | undefined,
  nowMs: number,
  { lastsMs, coolDownMs }: Patience = PATIENCE,
): Urgency | undefined {
  if (replannedMs !== undefined && nowMs - replannedMs < coolDownMs) return undefined;
  const lasted = (trouble: Lasting | undefined): trouble is Lasting =>
    trouble !== undefined && nowMs - trouble.sinceMs >= lastsMs;
  if (lasted(violation)) return { why: 'QoSViolated', text: violation.text };
  return lasted(drift) ? { why: 'Drifted', text: drift.text } : undefined;
}
