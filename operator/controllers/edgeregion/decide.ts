import type { EdgeRegionStatus } from '#crds/edgeregion.ts';
import { setCondition } from '#kube/conditions.ts';
import type { Condition } from '#kube/conditions.ts';
import type { Problem } from '#world/problem.ts';
import type { Snapshot } from '#world/snapshot.ts';
import { agentIsThere } from '../../agent-lease.ts';
import type { CachedRegion, Lease } from '../../objects.ts';
import type { LinkReport } from './links/rows.ts';

/** What the status of one region is made from. */
export interface Input {
  readonly region: CachedRegion;
  readonly snapshot: Snapshot;
  /** Lease of the region's agent, when there is one. */
  readonly lease: Lease | undefined;
  readonly nowMs: number;
  /** Whether its pods get addresses of its own pool; undefined when it names none. */
  readonly networked: Verdict | undefined;
  /** What is measured of its links; 'unknown' until probers were asked, undefined where they are not. */
  readonly links?: LinkReport | 'unknown' | undefined;
}

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

/** The whole status of an EdgeRegion. Pure; quantities are rounded so that it changes only when something has changed. */
export function regionStatus({ region, snapshot, lease, nowMs, networked, links }: Input): EdgeRegionStatus {
  const name = region.metadata.name;
  const problems = snapshot.problems.filter((problem) => problem.region === name);
  const members = snapshot.hosts.map((host, h) => ({ host, h })).filter(({ host }) => host.region === name);
  const ready = members.filter(({ host }) => host.ready && host.schedulable);
  const accepted = acceptedVerdict(problems.filter((p) => p.severity === 'refuse'));
  const agent = agentVerdict(name, lease, nowMs);
  const verdicts = {
    Accepted: accepted,
    AgentReady: agent,
    Ready: readyVerdict(accepted, agent, problems, ready.length),
    ...(networked === undefined ? {} : { Networked: networked }),
    ...measuredVerdict(links),
  };
  let list: Condition[] | undefined = region.status?.conditions?.filter(
    ({ type }) =>
      (type !== 'Networked' || networked !== undefined) &&
      (type !== 'Measured' || links === 'unknown' || links?.verdict !== undefined),
  );
  const nowIso = new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
  for (const [type, verdict] of Object.entries(verdicts)) {
    list = setCondition(
      list,
      { type, ...verdict, observedGeneration: region.metadata.generation ?? 0 },
      nowIso,
    );
  }
  const { resources, allocatable } = snapshot;
  const used = new Map<number, number[]>();
  for (const { hosts } of snapshot.claims) {
    for (const { host, amounts } of hosts)
      used.set(
        host,
        amounts.map((a, r) => a + (used.get(host)?.[r] ?? 0)),
      );
  }
  const total = (of: (host: number, r: number) => number): Record<string, string> =>
    Object.fromEntries(
      resources.flatMap((resource, r) => {
        const sum = members.reduce((all, { h }) => all + of(h, r), 0);
        return sum > 0 && Number.isFinite(sum) ? [[resource, quantityText(resource, sum)]] : [];
      }),
    );
  return {
    ...region.status,
    observedGeneration: region.metadata.generation ?? 0,
    conditions: list ?? [],
    nodes: members.length,
    capacity: total((h, r) => allocatable[h * resources.length + r] ?? 0),
    allocated: total((h, r) => used.get(h)?.[r] ?? 0),
    ...rowsOf(region, links),
  };
}

const measuredVerdict = (links: Input['links']): { Measured?: Verdict } =>
  links === 'unknown' || links?.verdict === undefined ? {} : { Measured: links.verdict };

/** Where nobody measures, rows stay as they are and grow old: the world does not read old ones. */
const rowsOf = (region: CachedRegion, links: Input['links']): Pick<EdgeRegionStatus, 'links'> =>
  links === undefined ||
  links === 'unknown' ||
  (links.rows.length === 0 && region.status?.links === undefined)
    ? {}
    : { links: [...links.rows] };

const quantityText = (resource: string, amount: number): string => {
  if (resource === 'cpu') return amount % 1000 === 0 ? String(amount / 1000) : `${amount}m`;
  if (resource === 'memory' && amount % 2 ** 20 === 0) return `${amount / 2 ** 20}Mi`;
  return String(amount);
};

const list = (problems: readonly Problem[]): string =>
  problems
    .slice(0, 6)
    .map((p) => `${p.object} ${p.field}: ${p.message}`)
    .join('; ');

function acceptedVerdict(wrong: readonly Problem[]): Verdict {
  const [first] = wrong;
  return first === undefined
    ? { status: 'True', reason: 'Valid', message: 'every link and node can be used' }
    : { status: 'False', reason: first.reason, message: `${list(wrong)} (the rest of the region is in use)` };
}

function agentVerdict(region: string, lease: Lease | undefined, nowMs: number): Verdict {
  if (agentIsThere(lease, nowMs))
    return { status: 'True', reason: 'LeaseHeld', message: 'its agent renews its Lease' };
  const holder = lease?.spec?.holderIdentity ?? '';
  if (holder === '') {
    const message = `no agent holds the Lease of ${region}: run edgeloom agent --region ${region}, or --all`;
    return { status: 'False', reason: 'NoAgent', message };
  }
  const message = `${holder} does not renew its Lease; pods are released after placement.fallback.after`;
  return { status: 'False', reason: 'AgentAway', message };
}

function readyVerdict(
  accepted: Verdict,
  agent: Verdict,
  problems: readonly Problem[],
  nodes: number,
): Verdict {
  if (accepted.status !== 'True') return accepted;
  const empty = problems.find((p) => p.reason === 'RegionWithoutNodes');
  if (empty !== undefined) return { status: 'False', reason: empty.reason, message: empty.message };
  if (nodes === 0)
    return {
      status: 'False',
      reason: 'NoReadyNode',
      message: 'every node of the region is not ready or cordoned',
    };
  if (agent.status !== 'True') return agent;
  const [warning] = problems;
  return warning === undefined
    ? { status: 'True', reason: 'Ready', message: `${nodes} nodes take pods` }
    : { status: 'True', reason: warning.reason, message: `${nodes} nodes take pods; ${list(problems)}` };
}
