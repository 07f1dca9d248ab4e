import { deepEqual } from '#kube/equal.ts';
import type { KubeObject } from '#kube/object.ts';
import type { CachedDag, CachedNode, CachedPlan, CachedPod, CachedRegion } from './objects.ts';
import { slimNode, slimPod } from './slim.ts';

/** What a change of one object means to plans: nothing, another world, or a world that may have room it did not have. */
export type Relevance = 'none' | 'changed' | 'room';

/** Status, annotations and heartbeats apart: the spec, and whether the object is on its way out. */
const sameSpec = (before: KubeObject | undefined, after: KubeObject | undefined): boolean =>
  before?.metadata.uid === after?.metadata.uid &&
  before?.metadata.generation === after?.metadata.generation &&
  before?.metadata.deletionTimestamp === after?.metadata.deletionTimestamp;

const specOrPresence = (before: KubeObject | undefined, after: KubeObject | undefined): Relevance =>
  sameSpec(before, after) ? 'none' : 'room';

const latencies = (region: CachedRegion | undefined): unknown =>
  (region?.status?.links ?? []).map(({ at: _at, ...row }) => row);

const finished = (pod: CachedPod): boolean =>
  pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/** What each kind of change means. Pure. */
export const relevance = {
  dag: (before?: CachedDag, after?: CachedDag): Relevance => specOrPresence(before, after),
  /** A link that was measured anew; when it was, alone, changes nothing. */
  region: (before?: CachedRegion, after?: CachedRegion): Relevance =>
    relevance.measured(before, after) ? 'room' : specOrPresence(before, after),
  /** Whether links take another time than before. */
  measured: (before?: CachedRegion, after?: CachedRegion): boolean =>
    !deepEqual(latencies(before), latencies(after)),
  node: (before?: CachedNode, after?: CachedNode): Relevance => {
    if (before === undefined || after === undefined) return 'room';
    return deepEqual(slimNode(before), slimNode(after)) ? 'none' : 'room';
  },
  pod: (before?: CachedPod, after?: CachedPod): Relevance => {
    if (before === undefined) return 'changed';
    if (after === undefined || finished(before) !== finished(after)) return 'room';
    return deepEqual(slimPod(before), slimPod(after)) ? 'none' : 'changed';
  },
  /** The first plan of a DAG takes room; a later one may leave some, as does one that is gone. */
  plan: (before?: CachedPlan, after?: CachedPlan): Relevance => {
    if (after === undefined) return 'room';
    if (before === undefined) return after.spec.window > 1 ? 'room' : 'changed';
    return before.status?.phase === after.status?.phase && sameSpec(before, after) ? 'none' : 'changed';
  },
} as const;
