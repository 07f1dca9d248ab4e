import { isNotFound } from '#kube/api-error.ts';
import { setCondition } from '#kube/conditions.ts';
import type { Transport } from '#kube/transport.ts';
import type { Caches } from '../../caches.ts';
import { DEPLOYMENTPLAN, EDGEREGION } from '../../kinds.ts';
import type { CachedPlan } from '../../objects.ts';
import type { Verdict } from '../servicedag/verdict.ts';
import { observedDiffers } from './news.ts';
import type { Realised } from './tenure.ts';

/** A drift that differs by less is left as it is written, parts per million. */
const DRIFT_EPSILON = 50_000;

const differs = (before: number | undefined, now: number): boolean =>
  before === undefined || Math.abs(before - now) > DRIFT_EPSILON;

/** Writes what a plan came to so far, when it says something new. */
export async function writeRealised(
  transport: Transport,
  plan: CachedPlan,
  realised: Realised,
  drift: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { latencyMicros, p99LatencyMicros, successPpm } = realised;
  const figures = { latencyMicros, p99LatencyMicros, successPpm };
  const driftPpm = drift === undefined ? plan.status?.driftPpm : Math.round(drift * 1e6);
  const { status } = plan;
  const isNew = status?.realised === undefined || observedDiffers(status.realised, figures);
  if (!isNew && (driftPpm === undefined || !differs(status?.driftPpm, driftPpm))) return;
  await patch(
    transport,
    plan,
    { realised: figures, ...(driftPpm === undefined ? {} : { driftPpm }) },
    signal,
  );
}

/** Marks a plan whose outcome was offered to the planner's memory: it is offered once. */
export async function markReported(
  transport: Transport,
  plan: CachedPlan,
  verdict: Verdict,
  nowIso: string,
  signal: AbortSignal,
): Promise<void> {
  const conditions = setCondition(plan.status?.conditions, { type: 'Reported', ...verdict }, nowIso);
  await patch(transport, plan, { conditions }, signal);
}

/** A plan may have been removed in the meantime. */
async function patch(
  transport: Transport,
  { metadata }: CachedPlan,
  status: object,
  signal: AbortSignal,
): Promise<void> {
  try {
    const options = { subresource: 'status', signal } as const;
    await transport.patchMerge(DEPLOYMENTPLAN, metadata.name, metadata.namespace, { status }, options);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Writes the drift of the plans of each region, where it says something new. */
export async function writeRegionDrifts(
  { transport, caches }: { readonly transport: Transport; readonly caches: Caches },
  drifts: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<void> {
  for (const [name, drift] of drifts) {
    const region = caches.regions.get(name);
    const driftPpm = Math.round(drift * 1e6);
    if (region === undefined || !differs(region.status?.driftPpm, driftPpm)) continue;
    const options = { subresource: 'status', signal } as const;
    await transport.patchMerge(EDGEREGION, name, undefined, { status: { driftPpm } }, options);
  }
}
