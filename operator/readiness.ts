import type { CachedPod } from './objects.ts';

const readyOf = (pod: CachedPod) => pod.status?.conditions?.find(({ type }) => type === 'Ready');

/** Whether a pod takes calls, as its kubelet says. */
export const isReady = (pod: CachedPod): boolean => readyOf(pod)?.status === 'True';

/** Since when its Ready condition is what it is, milliseconds since the epoch; -Infinity when nobody says. */
export function readySinceMs(pod: CachedPod): number {
  const since = Date.parse(readyOf(pod)?.lastTransitionTime ?? '');
  return Number.isNaN(since) ? -Infinity : since;
}
