import type { Instance } from './instance.ts';

/**
 * Flow fractions (y of the paper): which share of the calls of a caller's replica goes to each replica of the callee. One entry
 * per pair of replicas, edges in order, caller-major, as in `Flow`; those of one caller's replica and edge sum to 1. Replicas on one
 * host are alike.
 */
export type Fractions = Float64Array;

/** Calls are steered for this many times the rates that are known: a replica that just fits is full when a few more come. */
export const HEADROOM = 1.5;

/** First pair of replicas of each edge, and behind the last edge how many there are. */
export function firstPairs({ edges, services }: Instance): Int32Array {
  const first = new Int32Array(edges.length + 1);
  for (const [e, edge] of edges.entries()) {
    const pairs = (services[edge.source]?.replicas ?? 1) * (services[edge.target]?.replicas ?? 1);
    first[e + 1] = (first[e] ?? 0) + pairs;
  }
  return first;
}

/** Whether there is anything to choose: some service that is called has several replicas. */
export const hasChoice = ({ services }: Instance): boolean =>
  services.some(({ entry, replicas }) => !entry && replicas > 1);

/** Share of its caller's calls that one host takes, summed over the replicas there. */
export interface HostFraction {
  readonly edge: number;
  readonly from: number;
  readonly to: number;
  /** Above 0; those of one edge and caller's host sum to 1. */
  readonly share: number;
}

/** Fractions host by host, of the edges into services of several replicas; hosts in ascending order. */
export function byHost(instance: Instance, assign: Int32Array, fractions: Fractions): HostFraction[] {
  const { services, edges } = instance;
  const first = firstPairs(instance);
  return edges.flatMap(({ index, source, target }) => {
    const [caller, callee] = [services[source], services[target]];
    if (caller === undefined || callee === undefined || callee.replicas === 1) return [];
    const rows = new Map<number, Map<number, number>>();
    for (let i = 0; i < caller.replicas; i++) {
      const from = assign[caller.firstTask + i] ?? 0;
      if (rows.has(from)) continue;
      const row = new Map<number, number>();
      for (let j = 0; j < callee.replicas; j++) {
        const to = assign[callee.firstTask + j] ?? 0;
        const share = fractions[(first[index] ?? 0) + i * callee.replicas + j] ?? 0;
        row.set(to, (row.get(to) ?? 0) + share);
      }
      rows.set(from, row);
    }
    return [...rows]
      .toSorted(([a], [b]) => a - b)
      .flatMap(([from, row]) =>
        [...row]
          .filter(([, share]) => share > 0)
          .toSorted(([a], [b]) => a - b)
          .map(([to, share]) => ({ edge: index, from, to, share })),
      );
  });
}
