import { LABELS } from '#crds/meta.ts';
import type { CachedPlan, CachedPod } from './objects.ts';
import { isReady, readySinceMs } from './readiness.ts';

/** A running replica that the plan in force has elsewhere. */
export interface Move {
  readonly microservice: string;
  /** Region it runs in, and the one it goes to. */
  readonly from: string;
  readonly to: string;
  /** Node that the plan has it on. */
  readonly node: string;
  /** The pod that runs it until another takes its calls. */
  readonly pod: CachedPod;
}

/** How far the moves of a plan are. */
export interface Handover {
  /** Every replica that is not gone from where it was. */
  readonly moves: readonly Move[];
  /** Those of them that have to stay for now: nobody else takes their calls. */
  readonly staying: readonly Move[];
  /** Time alone lets one of them go after this long. */
  readonly againMs: number | undefined;
}

/** So long both take calls: routes lead to the new one by then (a backend enters and leaves by steps of 2 s). */
const TOGETHER_MS = 10_000;

const regionOf = (pod: CachedPod): string => pod.metadata.labels?.[LABELS.region] ?? '';

/** How many running replicas a plan moves. */
export const moveCount = ({ spec }: CachedPlan): number =>
  spec.regions.flatMap(({ assignments }) => assignments).filter(({ replaces }) => replaces !== undefined)
    .length;

/** The moves of a plan whose old pod is there still. Pure. */
export function movesOf(plan: CachedPlan, pods: readonly CachedPod[]): Move[] {
  const running = new Map(pods.map((pod) => [pod.metadata.name, pod]));
  return plan.spec.regions.flatMap(({ region, assignments }) =>
    assignments.flatMap(({ microservice, ranked, replaces }) => {
      const pod = running.get(replaces ?? '');
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return [];
      return [{ microservice, from: regionOf(pod), to: region, node: ranked[0]?.node ?? '', pod }];
    }),
  );
}

/**
 * A replica that moves is made where it goes first, and ends where it was once all of its microservice are there and have taken
 * calls for a while. `pods` are those of the DAG. Pure.
 */
export function handoverOf(plan: CachedPlan, pods: readonly CachedPod[], nowMs: number): Handover {
  const moves = movesOf(plan, pods);
  if (moves.length === 0) return { moves, staying: [], againMs: undefined };
  const leaving = new Set(moves.map(({ pod }) => pod));
  const all = plan.spec.regions.flatMap(({ assignments }) => assignments);
  const waits = new Map<string, number>();
  for (const name of new Set(moves.map(({ microservice }) => microservice))) {
    const wanted = all.filter(({ microservice }) => microservice === name).length;
    const since = pods
      .filter((pod) => pod.metadata.labels?.[LABELS.microservice] === name)
      .filter((pod) => !leaving.has(pod) && isReady(pod))
      .map(readySinceMs)
      .toSorted((a, b) => a - b);
    const complete = since[wanted - 1];
    waits.set(name, complete === undefined ? Infinity : complete + TOGETHER_MS - nowMs);
  }
  const staying = moves.filter(({ microservice }) => (waits.get(microservice) ?? 0) > 0);
  const next = [...waits.values()].filter((ms) => ms > 0 && Number.isFinite(ms));
  return { moves, staying, againMs: next.length === 0 ? undefined : Math.min(...next) };
}

/** Bound pods beyond the replicas that the plan has in their region: those on nodes that it does not name first. Pure. */
export function surplusOf(plan: CachedPlan, pods: readonly CachedPod[]): CachedPod[] {
  const planned = new Map<string, string[]>();
  for (const { region, assignments } of plan.spec.regions)
    for (const { microservice, ranked } of assignments) {
      const group = `${microservice}/${region}`;
      planned.set(group, [...(planned.get(group) ?? []), ranked[0]?.node ?? '']);
    }
  const leaving = new Set(movesOf(plan, pods).map(({ pod }) => pod));
  const bound = pods.filter((pod) => pod.spec.nodeName !== undefined && !leaving.has(pod));
  const groups = Map.groupBy(
    bound,
    (pod) => `${pod.metadata.labels?.[LABELS.microservice] ?? ''}/${regionOf(pod)}`,
  );
  return [...groups].flatMap(([group, own]) => {
    const nodes = planned.get(group) ?? [];
    const open = [...nodes];
    const strangers = own.filter(({ spec }) => {
      const at = open.indexOf(spec.nodeName ?? '');
      if (at >= 0) open.splice(at, 1);
      return at < 0;
    });
    return strangers.slice(0, Math.max(0, own.length - nodes.length));
  });
}

/** Moves as people read them, the first few by name. */
export function saidOf(moves: readonly Move[]): string {
  const named = moves.slice(0, 4).map(({ microservice, pod, node }) => {
    return `${microservice} from ${pod.spec.nodeName ?? regionOf(pod)} to ${node}`;
  });
  const more = moves.length > named.length ? ` and ${moves.length - named.length} more` : '';
  return `${named.join(', ')}${more}`;
}

/**
 * Shares of the calls of a microservice by region while its replicas move: what is on its way takes none yet, so that part of its
 * region's share stays where it comes from. `ready` and `wanted` count replicas of a region that stay or have come. Pure.
 */
export function meanwhile(
  shares: ReadonlyMap<string, number>,
  moves: readonly Move[],
  wanted: (region: string) => number,
  ready: (region: string) => number,
): Map<string, number> {
  const after = new Map(shares);
  for (const [region, coming] of Map.groupBy(moves, ({ to }) => to)) {
    const missing = Math.min(coming.length, wanted(region) - ready(region));
    const share = shares.get(region) ?? 0;
    if (missing <= 0 || share === 0) continue;
    const part = share / wanted(region);
    after.set(region, share - missing * part);
    for (const { from } of coming.slice(0, missing)) after.set(from, (after.get(from) ?? 0) + part);
  }
  return after;
}
