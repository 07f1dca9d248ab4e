import { LABELS } from '#crds/meta.ts';
import { meanwhile, movesOf } from '../moves.ts';
import type { Move } from '../moves.ts';
import type { CachedDag, CachedPlan, CachedPod } from '../objects.ts';
import { isReady } from '../readiness.ts';
import { frontName } from './names.ts';
import type { Wanted } from './weights.ts';

/** Protocol of an edge's calls. */
export type Protocol = CachedDag['spec']['edges'][number]['protocol'];

/** A replica that takes calls now. */
export interface Replica {
  readonly name: string;
  /** Region it runs in: its group. */
  readonly group: string;
  /** Absent where nobody has given it one. */
  readonly ip: string | undefined;
  readonly node: string;
}

/** Calls of one edge by the regions they lead from and to, as a plan's routes say it. */
export interface RegionRoute {
  readonly from: string;
  readonly to: string;
  readonly paths: readonly {
    readonly fromRegion: string;
    readonly toRegion: string;
    readonly weightPpm: number;
  }[];
}

/** One edge of one DAG as routing sees it. */
export interface Edge {
  readonly dag: CachedDag;
  /** `from>to`, unique in its DAG. */
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly slice: string;
  readonly protocol: Protocol;
  /** Port of the callee, and of the front Service. */
  readonly port: number;
  /** Name of the Service that callers dial. */
  readonly front: string;
  /** What the plan wants of each group, in order of names. */
  readonly wanted: readonly Wanted[];
  /** What it wants of each group by the region of the caller. */
  readonly byCaller: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly replicas: readonly Replica[];
}

const takesCalls = (pod: CachedPod): boolean => pod.metadata.deletionTimestamp === undefined && isReady(pod);

/** Replicas of one microservice that take calls, in order of names. */
export function readyReplicas(pods: readonly CachedPod[], microservice: string): Replica[] {
  return pods
    .filter((pod) => pod.metadata.labels?.[LABELS.microservice] === microservice && takesCalls(pod))
    .map((pod) => ({
      name: pod.metadata.name,
      group: pod.metadata.labels?.[LABELS.region] ?? '',
      ip: pod.status?.podIP,
      node: pod.spec.nodeName ?? '',
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

interface Shares extends Pick<Edge, 'byCaller'> {
  readonly shares: ReadonlyMap<string, number>;
}

/** Shares of an edge by group, in all and by the caller's region; replicas of the plan share evenly where it routes no call. */
function sharesOf(plan: CachedPlan, routes: readonly RegionRoute[], from: string, to: string): Shares {
  const shares = new Map<string, number>();
  const byCaller = new Map<string, Map<string, number>>();
  const add = (group: string, share: number, caller?: string): void => {
    shares.set(group, (shares.get(group) ?? 0) + share);
    if (caller === undefined) return;
    const own = byCaller.get(caller) ?? new Map<string, number>();
    byCaller.set(caller, own.set(group, (own.get(group) ?? 0) + share));
  };
  const route = routes.find((r) => r.from === from && r.to === to);
  for (const { fromRegion, toRegion, weightPpm } of route?.paths ?? []) add(toRegion, weightPpm, fromRegion);
  if (route === undefined)
    for (const { region, assignments } of plan.spec.regions)
      for (const { microservice } of assignments) if (microservice === to) add(region, 1);
  return { shares, byCaller };
}

/** What a plan wants of an edge while replicas of its callee move. */
function whileMoving(
  { shares, byCaller }: Shares,
  plan: CachedPlan,
  all: readonly Move[],
  to: string,
  replicas: readonly Replica[],
): Shares {
  const moves = all.filter(({ microservice }) => microservice === to);
  if (moves.length === 0) return { shares, byCaller };
  const leaving = new Set(moves.map(({ pod }) => pod.metadata.name));
  const wanted = (region: string): number =>
    plan.spec.regions
      .filter((section) => section.region === region)
      .flatMap(({ assignments }) => assignments)
      .filter(({ microservice }) => microservice === to).length;
  const ready = (region: string): number =>
    replicas.filter(({ group, name }) => group === region && !leaving.has(name)).length;
  const now = (of: ReadonlyMap<string, number>) => meanwhile(of, moves, wanted, ready);
  return {
    shares: now(shares),
    byCaller: new Map([...byCaller].map(([caller, of]) => [caller, now(of)])),
  };
}

/** The edges of a DAG with what the plan (or `routes` in its place) wants of them and who can take their calls. Pure. */
export function edgesOf(
  dag: CachedDag,
  plan: CachedPlan,
  pods: readonly CachedPod[],
  routes: readonly RegionRoute[] = plan.spec.routes,
): Edge[] {
  const slice = dag.spec.slice ?? dag.spec.class.toLowerCase();
  // Routes for what is ready now need no such care.
  const moves = routes === plan.spec.routes ? movesOf(plan, pods) : [];
  return dag.spec.edges.flatMap(({ from, to, protocol }) => {
    const callee = dag.spec.microservices.find(({ name }) => name === to);
    if (callee === undefined) return [];
    const replicas = readyReplicas(pods, to);
    const planned = sharesOf(plan, routes, from, to);
    const { shares, byCaller } = whileMoving(planned, plan, moves, to, replicas);
    const wanted = [...shares]
      .filter(([, share]) => share > 0)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([group, share]) => ({
        group,
        share,
        ready: replicas.filter((replica) => replica.group === group).length,
      }));
    const front = frontName(dag.metadata.name, from, to, slice);
    const identity = { dag, key: `${from}>${to}`, from, to, slice, protocol, port: callee.port, front };
    return [{ ...identity, wanted, byCaller, replicas }];
  });
}
