import { graphFindings } from '#crds/dag-checks.ts';
import { fieldOf } from '#crds/finding.ts';
import type { Snapshot } from '#world/snapshot.ts';
import type { CachedDag, CachedPlan, CachedPod } from '../../objects.ts';

/** Everything a decision about one ServiceDAG looks at. */
export interface Input {
  readonly dag: CachedDag;
  /** Nodes, regions and links; what runs on them does not matter here. */
  readonly snapshot: Snapshot;
  /** Newest plan of this DAG's uid, if any. */
  readonly plan: CachedPlan | undefined;
  readonly pods: readonly CachedPod[];
  readonly nowMs: number;
  /** When this DAG was last planned, or tried to be. */
  readonly lastPlannedMs: number | undefined;
}

/** What to do next. */
export type Decision =
  /** It is being deleted: clean up. */
  | { readonly kind: 'cleanup' }
  /** A person has to mend the spec, or something it names is not there. */
  | { readonly kind: 'refuse'; readonly reason: string; readonly message: string }
  /** A new plan is needed; `keep`: bound replicas stay. */
  | { readonly kind: 'plan'; readonly keep: boolean; readonly why: string }
  /** The plan in force holds: see that it is carried out. */
  | { readonly kind: 'carryOut' };

type Step = (input: Input) => Decision | undefined;

/** A window that broke a limit is planned anew after this (architecture section 2). */
const WINDOW_MS = 600_000;
/** Two plans of one DAG are at least this far apart, unless its spec has changed. */
const REST_MS = 5_000;
/** Gated for longer than this with a plan in force: its agent cannot place it where the plan wants it. */
const STUCK_MS = 8_000;

const deleted: Step = ({ dag }) =>
  dag.metadata.deletionTimestamp === undefined ? undefined : { kind: 'cleanup' };

const graphIsSound: Step = ({ dag }) => {
  const [first] = graphFindings(dag.spec);
  if (first === undefined) return undefined;
  const message = `${fieldOf(first.path)}: ${first.message}${first.fix === '' ? '' : `; ${first.fix}`}`;
  return { kind: 'refuse', reason: /cycle/i.test(first.message) ? 'Cycle' : 'InvalidGraph', message };
};

const namesExist: Step = ({ dag, snapshot }) => {
  for (const [i, { region, band }] of dag.spec.ingress.entries()) {
    const field = `spec.ingress[${i}]`;
    const gateway = snapshot.gateways.get(region);
    if (gateway === undefined) {
      const known = [...snapshot.gateways.keys()].join(', ') || 'none';
      const message = `${field}.region: no EdgeRegion "${region}"; known: ${known}`;
      return { kind: 'refuse', reason: 'UnknownRegion', message };
    }
    if (band !== undefined && !gateway.bands.has(band)) {
      const known = [...gateway.bands.keys()].join(', ') || 'none';
      const message = `${field}.band: EdgeRegion ${region} has no band "${band}"; its bands: ${known}`;
      return { kind: 'refuse', reason: 'UnknownBand', message };
    }
  }
  return undefined;
};

const hasBound = (pods: readonly CachedPod[]): boolean => pods.some((pod) => pod.spec.nodeName !== undefined);

const planned: Step = ({ dag, plan, pods }) => {
  if (plan === undefined) return { kind: 'plan', keep: hasBound(pods), why: 'NoPlan' };
  if (plan.spec.dag.generation !== dag.metadata.generation)
    return { kind: 'plan', keep: hasBound(pods), why: 'SpecChanged' };
  return undefined;
};

const rested: Step = ({ nowMs, lastPlannedMs }) =>
  lastPlannedMs !== undefined && nowMs - lastPlannedMs < REST_MS ? { kind: 'carryOut' } : undefined;

const nodesAreThere: Step = ({ plan, snapshot }) => {
  const ready = new Set(snapshot.hosts.filter((host) => host.ready).map((host) => host.name));
  const lost = (plan?.spec.regions ?? [])
    .flatMap((section) => section.assignments)
    .some((assignment) => !ready.has(assignment.ranked[0]?.node ?? ''));
  return lost ? { kind: 'plan', keep: true, why: 'NodeLost' } : undefined;
};

const nobodyIsStuck: Step = ({ pods, nowMs }) => {
  const stuck = pods.some((pod) => {
    if (pod.spec.nodeName !== undefined || (pod.spec.schedulingGates ?? []).length === 0) return false;
    return nowMs - Date.parse(pod.metadata.creationTimestamp ?? '') > STUCK_MS;
  });
  return stuck ? { kind: 'plan', keep: true, why: 'PodsWait' } : undefined;
};

const windowIsOpen: Step = ({ dag, nowMs, lastPlannedMs }) => {
  const qos = dag.status?.conditions?.find((condition) => condition.type === 'WithinQoS');
  const over = lastPlannedMs !== undefined && nowMs - lastPlannedMs > WINDOW_MS;
  return over && qos?.status === 'False' ? { kind: 'plan', keep: true, why: 'QoSViolated' } : undefined;
};

/** In order; the first answer wins. */
export const steps: readonly Step[] = [
  deleted,
  graphIsSound,
  namesExist,
  planned,
  rested,
  nodesAreThere,
  nobodyIsStuck,
  windowIsOpen,
];

/** What to do next about one ServiceDAG. */
export function decide(input: Input): Decision {
  for (const step of steps) {
    const decision = step(input);
    if (decision !== undefined) return decision;
  }
  return { kind: 'carryOut' };
}
