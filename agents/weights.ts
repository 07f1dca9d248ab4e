import type { PinnedNode } from './decision.ts';

// Other score plugins outvote small differences (control-plane.md section 4): the gaps are what keeps the order.
const WEIGHTS = [100, 67, 34, 17, 9, 5, 3, 2];

/** Nodes with the weights of their order: 100, 67, 34 and then about half each time, never below 1. */
export function weighted(nodes: readonly string[]): PinnedNode[] {
  return nodes.map((node, i) => ({ node, weight: WEIGHTS[i] ?? 1 }));
}
