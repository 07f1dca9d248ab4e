import type { Lease } from './objects.ts';

/** Agents renew every 2 s; one that has not for this long is away. */
const AWAY_MS = 15_000;

/** Whether somebody holds the Lease of a region's agent and has renewed it lately. */
export function agentIsThere(lease: Lease | undefined, nowMs: number): boolean {
  const { renewTime, holderIdentity = '' } = lease?.spec ?? {};
  return renewTime !== undefined && holderIdentity !== '' && nowMs - Date.parse(renewTime) <= AWAY_MS;
}

/** An agent that has just come gets this long to work off what waited for it. */
const SETTLED_MS = 10_000;
/** Three renewals missed: it may be gone, and pods that wait for it are not helped by another plan. */
const SILENT_MS = 6_000;

/** Whether the agent is there and has been for long enough to have decided about every pod that it can decide about. */
export function agentHasHadTime(lease: Lease | undefined, nowMs: number): boolean {
  const { acquireTime, renewTime = '' } = lease?.spec ?? {};
  if (!agentIsThere(lease, nowMs) || nowMs - Date.parse(renewTime) > SILENT_MS) return false;
  return acquireTime === undefined || nowMs - Date.parse(acquireTime) >= SETTLED_MS;
}

/** When an agent that is there will be taken for gone unless it renews; undefined for one that is not there. */
export function awayAfterMs(lease: Lease | undefined, nowMs: number): number | undefined {
  const { renewTime = '' } = lease?.spec ?? {};
  return agentIsThere(lease, nowMs) ? Date.parse(renewTime) + AWAY_MS - nowMs + 1 : undefined;
}
