import { wholeParts } from '#world/whole-parts.ts';
import type { Weights } from './weights.ts';

/** A subset may be off by this much more than the best one when it keeps more replicas busy. */
const SLACK = 0.02;

/**
 * How many replicas of each group to list so that an even spread over them comes closest to the shares: a split into k/n, with k
 * at most the ready replicas. Of subsets that are about equally close the largest is taken. Pure.
 */
export function subsetCounts(shares: Weights, ready: Weights): Weights {
  const groups = [...shares.keys()]
    .filter((g) => (shares.get(g) ?? 0) > 0 && (ready.get(g) ?? 0) > 0)
    .toSorted();
  const sum = groups.reduce((total, g) => total + (shares.get(g) ?? 0), 0);
  const wanted = groups.map((g) => (shares.get(g) ?? 0) / sum);
  const most = groups.reduce((total, g) => total + (ready.get(g) ?? 0), 0);
  const found: { readonly counts: readonly number[]; readonly error: number }[] = [];
  for (let size = 1; size <= most; size++) {
    const counts = wholeParts(wanted, size);
    if (counts.some((count, i) => count > (ready.get(groups[i] ?? '') ?? 0))) continue;
    const error = Math.max(...counts.map((count, i) => Math.abs(count / size - (wanted[i] ?? 0))));
    found.push({ counts, error });
  }
  const least = Math.min(...found.map(({ error }) => error));
  const chosen = found.findLast(({ error }) => error <= least + SLACK);
  return new Map(
    groups.flatMap((g, i) => ((chosen?.counts[i] ?? 0) > 0 ? [[g, chosen?.counts[i] ?? 0]] : [])),
  );
}
