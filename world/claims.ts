import { LABELS, PLACEMENT_GATE, SCHEDULER_NAME } from '#crds/meta.ts';
import type { KubePod } from '#crds/node.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import type { DeploymentPlan } from '#crds/deploymentplan.ts';
import { demandOf } from './demand.ts';
import type { Graph } from './graph.ts';
import type { Host } from './host.ts';
import type { ArcClaim, Claim, HostClaim } from './ledger.ts';
import { podRequests } from './requests.ts';
import { wholeParts } from './whole-parts.ts';
import { keyOf, ownerOf } from './objects.ts';
import type { Objects, PlacedReplica } from './objects.ts';

interface Base {
  readonly hosts: readonly Host[];
  readonly resources: readonly string[];
  readonly graph: Graph;
}

/** Amounts in the column order of the snapshot. */
const columns = (resources: readonly string[], requests: ReadonlyMap<string, number>): number[] =>
  resources.map((name) => requests.get(name) ?? 0);

const finished = (pod: KubePod): boolean =>
  pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/**
 * The node a pod is decided for: bound (architecture section 5), or released from our gate with pins of which the first is
 * the scheduler's first choice. Undefined for a pod that still waits.
 */
export function decidedNode(pod: KubePod): string | undefined {
  if (pod.spec.nodeName !== undefined) return pod.spec.nodeName;
  if (pod.spec.schedulerName !== SCHEDULER_NAME) return undefined;
  if (pod.spec.schedulingGates?.some((gate) => gate.name === PLACEMENT_GATE) === true) return undefined;
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return terms?.[0]?.matchFields?.find((field) => field.key === 'metadata.name')?.values?.[0];
}

/**
 * Arcs of a walk through named vertices that carry the slice; where two vertices share several, the quickest with the
 * bandwidth, else the widest. Undefined when a hop is gone.
 */
export function arcsAlong(
  graph: Graph,
  vertexOf: ReadonlyMap<string, number>,
  via: readonly string[],
  slice: string,
  bps: number,
): number[] | undefined {
  const arcs: number[] = [];
  for (let hop = 1; hop < via.length; hop++) {
    const from = vertexOf.get(via[hop - 1] ?? '');
    const to = vertexOf.get(via[hop] ?? '');
    if (from === undefined || to === undefined) return undefined;
    let found = -1;
    for (let arc = graph.first[from] ?? 0; arc < (graph.first[from + 1] ?? 0); arc++) {
      if (graph.head[arc] !== to || graph.slices[arc]?.has(slice) === false) continue;
      // Arcs come in order of latency: one with the bandwidth is not given up for a slower one.
      const has = graph.bandwidth[found] ?? -1;
      if (found < 0 || (has < bps && (graph.bandwidth[arc] ?? 0) > has)) found = arc;
    }
    if (found < 0) return undefined;
    arcs.push(found);
  }
  return arcs;
}

/** What pods hold, and what plans in force hold beyond them: replicas not bound yet, and bandwidth of routes. */
export function claimsOf(
  base: Base,
  objects: Objects,
): { claims: Claim[]; placed: Map<string, PlacedReplica[]> } {
  const hostOf = new Map(base.hosts.map((host, h) => [host.name, h]));
  const dags = new Map(objects.dags.map((dag) => [keyOf(dag), dag]));
  const claims: Claim[] = [];
  const placed = new Map<string, PlacedReplica[]>();
  const bound = new Map<string, number[]>();
  const plans = plansInForce(objects);
  const leaving = new Set(plans.flatMap(replacedPods));
  for (const pod of (objects.pods ?? []).toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))) {
    const host = hostOf.get(decidedNode(pod) ?? '');
    if (host === undefined || finished(pod)) continue;
    const dagName = pod.metadata.labels?.[LABELS.dag];
    const dagKey = dagName === undefined ? undefined : `${pod.metadata.namespace ?? 'default'}/${dagName}`;
    const mine = dagKey !== undefined && dags.has(dagKey);
    const owner = mine ? ownerOf(dagKey) : `Pod ${keyOf(pod)}`;
    const amounts = columns(base.resources, podRequests(pod.spec));
    claims.push({ owner, hosts: [{ host, amounts }], arcs: [] });
    if (!mine || pod.metadata.deletionTimestamp !== undefined) continue;
    const microservice = pod.metadata.labels?.[LABELS.microservice] ?? '';
    const replicas = placed.get(dagKey) ?? [];
    const replica = { microservice, pod: pod.metadata.name, host };
    if (leaving.has(keyOf(pod))) {
      placed.set(dagKey, [...replicas, { ...replica, leaves: true }]);
      continue; // its place is taken by another
    }
    placed.set(dagKey, [...replicas, replica]);
    bound.set(`${dagKey}/${microservice}`, [...(bound.get(`${dagKey}/${microservice}`) ?? []), host]);
  }
  for (const plan of plans) {
    const key = `${plan.metadata.namespace ?? 'default'}/${plan.spec.dag.name}`;
    const dag = dags.get(key);
    if (dag === undefined) continue;
    claims.push(planClaim(base, hostOf, dag, plan, (service) => bound.get(`${key}/${service}`) ?? []));
  }
  return { claims, placed };
}

/** The latest plan of each DAG that is there, unless it was rejected or another took its place. */
function plansInForce(objects: Objects): DeploymentPlan[] {
  const uids = new Map(objects.dags.map((dag) => [keyOf(dag), dag.metadata.uid]));
  const latest = new Map<string, DeploymentPlan>();
  for (const plan of objects.plans ?? []) {
    const { dag, window } = plan.spec;
    const key = `${plan.metadata.namespace ?? 'default'}/${dag.name}`;
    const uid = uids.get(key);
    // A plan of a DAG that was deleted, its name taken by another since, holds nothing.
    const stranger = !uids.has(key) || (uid !== undefined && dag.uid !== undefined && dag.uid !== uid);
    if (stranger || plan.status?.phase === 'Superseded' || plan.status?.phase === 'Rejected') continue;
    if (window >= (latest.get(key)?.spec.window ?? -1)) latest.set(key, plan);
  }
  return [...latest].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, plan]) => plan);
}

/** `namespace/name` of the pods that a plan moves. */
const replacedPods = ({ metadata, spec }: DeploymentPlan): string[] =>
  spec.regions.flatMap(({ assignments }) =>
    assignments.flatMap(({ replaces }) =>
      replaces === undefined ? [] : [keyOf({ metadata: { ...metadata, name: replaces } })],
    ),
  );

/** The planned hosts that no bound replica has taken: each bound one first takes its own host's place, else any. */
function notYetBound(planned: readonly number[], bound: readonly number[]): number[] {
  const left = [...planned];
  const strangers = bound.filter((host) => {
    const at = left.indexOf(host);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return left.slice(strangers.length);
}

/** What a plan holds: a host for each replica that is not bound yet, and every route's bandwidth. */
function planClaim(
  base: Base,
  hostOf: ReadonlyMap<string, number>,
  dag: ServiceDAG,
  plan: DeploymentPlan,
  boundOf: (microservice: string) => readonly number[],
): Claim {
  const hosts: HostClaim[] = [];
  const waiting = new Map<string, number[]>();
  for (const section of plan.spec.regions) {
    for (const assignment of section.assignments) {
      const host = hostOf.get(assignment.ranked[0]?.node ?? '');
      if (host !== undefined)
        waiting.set(assignment.microservice, [...(waiting.get(assignment.microservice) ?? []), host]);
    }
  }
  for (const service of dag.spec.microservices) {
    const amounts = columns(base.resources, podRequests(service.template.spec));
    const left = notYetBound(waiting.get(service.name) ?? [], boundOf(service.name));
    for (const host of left) hosts.push({ host, amounts });
  }
  const vertexOf = new Map(base.graph.names.map((name, v) => [name, v]));
  const arcs: ArcClaim[] = [];
  const needs = new Map(demandOf(dag).edges.map((edge) => [`${edge.from}>${edge.to}`, edge.bps]));
  for (const route of plan.spec.routes) {
    const bps = needs.get(`${route.from}>${route.to}`) ?? 0;
    const shares = wholeParts(
      route.paths.map((path) => path.weightPpm),
      bps,
    );
    for (const [i, path] of route.paths.entries()) {
      const share = shares[i] ?? 0;
      if (share === 0) continue;
      for (const arc of arcsAlong(base.graph, vertexOf, path.via, route.slice, share) ?? [])
        arcs.push({ arc, bps: share });
    }
  }
  return { owner: ownerOf(keyOf(dag)), hosts, arcs };
}
