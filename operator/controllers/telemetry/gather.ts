import { LABELS } from '#crds/meta.ts';
import { BY_DAG } from '../../caches.ts';
import type { Caches } from '../../caches.ts';
import { movesOf } from '../../moves.ts';
import type { CachedDag, CachedPlan, CachedPod } from '../../objects.ts';
import { edgesOf } from '../../routing/edge.ts';
import { seriesOf } from '../../telemetry/series.ts';
import type { Target } from '../../telemetry/series.ts';
import type { World } from '../../world.ts';

/** One ServiceDAG with what telemetry looks at of it. */
export interface Gathered {
  /** `namespace/name`. */
  readonly key: string;
  readonly dag: CachedDag;
  readonly plan: CachedPlan | undefined;
  readonly isPlaced: boolean;
  /** Every replica is on the node that the plan names first. */
  readonly isAsPlanned: boolean;
}

/** Where the replicas of a plan are: all on a node and none on the move, and all on the node that it names first. Pure. */
export function standing(
  plan: CachedPlan | undefined,
  pods: readonly CachedPod[],
): { readonly isPlaced: boolean; readonly isAsPlanned: boolean } {
  if (plan === undefined) return { isPlaced: false, isAsPlanned: false };
  const count = (places: readonly string[]): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
    return counts;
  };
  const wanted = plan.spec.regions.flatMap(({ assignments }) =>
    assignments.map(({ microservice, ranked }) => `${microservice} ${ranked[0]?.node ?? ''}`),
  );
  const bound = pods.filter(
    (pod) => pod.metadata.deletionTimestamp === undefined && pod.spec.nodeName !== undefined,
  );
  const there = bound.map(
    (pod) => `${pod.metadata.labels?.[LABELS.microservice] ?? ''} ${pod.spec.nodeName}`,
  );
  const [a, b] = [count(wanted), count(there)];
  return {
    isPlaced: bound.length >= wanted.length && movesOf(plan, pods).length === 0,
    isAsPlanned: a.size === b.size && [...a].every(([place, times]) => b.get(place) === times),
  };
}

/** Whether a mesh carries the calls of any edge. */
export const usesMesh = (caches: Caches): boolean =>
  caches.dags
    .list()
    .some(({ status }) => status?.edges?.some(({ mechanism }) => mechanism === 'Mesh') === true);

/** Names of series by plan: they follow from the spec, the plan and the regions of ready replicas, which seldom change. */
export class SeriesNames {
  readonly #known = new WeakMap<CachedPlan, Named>();

  /** Those of a DAG with this plan and these pods. */
  of(dag: CachedDag, plan: CachedPlan, pods: readonly CachedPod[]): readonly [string, Target][] {
    const places = pods.map(({ metadata: { labels }, status }) => {
      const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
      return `${labels?.[LABELS.microservice]} ${labels?.[LABELS.region]} ${ready}`;
    });
    const groups = [...new Set(places)].toSorted().join();
    const known = this.#known.get(plan);
    if (known?.dag === dag && known.groups === groups) return known.series;
    const series = seriesOf(dag, edgesOf(dag, plan, pods));
    this.#known.set(plan, { dag, groups, series });
    return series;
  }
}

interface Named {
  readonly dag: CachedDag;
  readonly groups: string;
  readonly series: readonly [string, Target][];
}

/** Every ServiceDAG that can be read, and the names of all their series: from memory. */
export function gather(
  caches: Caches,
  world: World,
  names: SeriesNames,
): { readonly dags: readonly Gathered[]; readonly series: readonly [string, Target][] } {
  const series: [string, Target][] = [];
  const dags = caches.dags.list().flatMap(({ metadata }): Gathered[] => {
    const key = `${metadata.namespace ?? 'default'}/${metadata.name}`;
    const dag = world.dag(key);
    if (dag === undefined || metadata.deletionTimestamp !== undefined) return [];
    const plan = world.planFor(dag);
    const pods = caches.pods.by(BY_DAG, key);
    series.push(...(plan === undefined ? seriesOf(dag, []) : names.of(dag, plan, pods)));
    return [{ key, dag, plan, ...standing(plan, pods) }];
  });
  return { dags, series };
}
