import type { BackEnd } from '../back-end.ts';

/** Kubernetes' own endpoints: every ready replica takes the same share. It needs nothing of ours to go on. */
export const uniform: BackEnd = {
  mechanism: 'Uniform',
  parent: () => undefined,
  verdict: () => ({ kind: 'accepted' }),
  front: () => ({ kind: 'selector' }),
  programmed: ({ replicas }) => {
    const counts = new Map<string, number>();
    for (const { group } of replicas) counts.set(group, (counts.get(group) ?? 0) + 1);
    return counts;
  },
};
