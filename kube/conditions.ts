import { deepEqual } from './equal.ts';

/** One entry of `status.conditions`, as in metav1.Condition. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  observedGeneration?: number | undefined;
  lastTransitionTime: string;
}

/**
 * The conditions with one of them set. Its place in the list stays, and so
 * does its time while the status is the same.
 */
export function setCondition(
  conditions: readonly Condition[] | undefined,
  next: Omit<Condition, 'lastTransitionTime'>,
  nowIso: string,
): Condition[] {
  const all = conditions ?? [];
  const before = all.find(({ type }) => type === next.type);
  const lastTransitionTime = before?.status === next.status ? before.lastTransitionTime : nowIso;
  const after: Condition = { ...next, lastTransitionTime };
  if (before === undefined) return [...all, after];
  return all.map((condition) => (condition === before ? after : condition));
}

/** Whether both lists say the same, whatever the order; times follow from statuses. */
export function conditionsEqual(
  a: readonly Condition[] | undefined,
  b: readonly Condition[] | undefined,
): boolean {
  return deepEqual(meaning(a), meaning(b));
}

function meaning(conditions: readonly Condition[] = []): object[] {
  return conditions
    .map((condition) => ({ ...condition, lastTransitionTime: '' }))
    .toSorted((a, b) => (a.type < b.type ? -1 : 1));
}
