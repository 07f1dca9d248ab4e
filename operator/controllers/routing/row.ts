import type { ServiceDAGStatus } from '#crds/servicedag.ts';
import type { Edge } from '../../routing/edge.ts';
import type { Mechanism } from '../../routing/ladder.ts';
import { toPpm } from '../../routing/weights.ts';
import type { Weights } from '../../routing/weights.ts';

/** Row of one edge in the status of its DAG. */
export type Row = NonNullable<ServiceDAGStatus['edges']>[number];

/** Row of an edge: what the plan wants of each group, what is written, what is measured, and how far apart they are. Pure. */
export function rowOf(
  { edge, observed }: { readonly edge: Edge; readonly observed: Weights | undefined },
  standsFor: ReadonlyMap<string, string>,
  mechanism: Mechanism,
  reason: string,
  programmed: Weights,
): Row {
  const shares = new Map<string, number>();
  for (const { group, share } of edge.wanted) {
    const name = standsFor.get(group) ?? group;
    shares.set(name, (shares.get(name) ?? 0) + share);
  }
  const desired = toPpm(shares);
  const done = toPpm(programmed);
  const seen = observed === undefined ? undefined : toPpm(observed);
  const names = [...new Set([...desired.keys(), ...done.keys()])].toSorted().slice(0, 64);
  const weights = names.map((backend) => ({
    backend,
    desiredPpm: desired.get(backend) ?? 0,
    programmedPpm: done.get(backend) ?? 0,
    ...(seen === undefined ? {} : { observedPpm: seen.get(backend) ?? 0 }),
  }));
  const real = seen ?? done;
  const errors = names.map((name) => Math.abs((desired.get(name) ?? 0) - (real.get(name) ?? 0)));
  return {
    from: edge.from,
    to: edge.to,
    mechanism,
    reason,
    weights,
    ...(real.size === 0 ? {} : { maxErrorPpm: Math.max(0, ...errors) }),
  };
}
