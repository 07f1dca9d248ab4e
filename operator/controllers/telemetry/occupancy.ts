import type { Snapshot } from '#world/snapshot.ts';

/** How full the nodes are, by the processors that pods on them ask for. */
export interface Occupancy {
  /** Share of the processors of a region that is taken, 0 to 1. */
  readonly byRegion: ReadonlyMap<string, number>;
  /** Mean over all nodes (R, Eq. 16). */
  readonly mean: number;
  /** Four times the variance over nodes (LB, Eq. 17 as the world model has it): 0 when all are equally full, at most 1. */
  readonly imbalance: number;
}

/** Occupancy of the infrastructure as it is. Pure. */
export function occupancyOf(snapshot: Snapshot): Occupancy {
  const { hosts, resources, allocatable, claims } = snapshot;
  const cpu = resources.indexOf('cpu');
  const used = new Float64Array(hosts.length);
  for (const claim of claims)
    for (const { host, amounts } of claim.hosts) used[host] = (used[host] ?? 0) + (amounts[cpu] ?? 0);
  const regions = new Map<string, { used: number; capacity: number }>();
  let [sum, squares, count] = [0, 0, 0];
  for (const [h, { region }] of hosts.entries()) {
    const capacity = allocatable[h * resources.length + cpu] ?? 0;
    if (!(capacity > 0) || !Number.isFinite(capacity)) continue;
    const taken = used[h] ?? 0;
    const of = regions.get(region) ?? { used: 0, capacity: 0 };
    regions.set(region, { used: of.used + taken, capacity: of.capacity + capacity });
    const share = taken / capacity;
    sum += share;
    squares += share * share;
    count++;
  }
  const mean = count === 0 ? 0 : sum / count;
  const variance = count === 0 ? 0 : Math.max(0, squares / count - mean * mean);
  return {
    byRegion: new Map([...regions].map(([region, of]) => [region, of.used / of.capacity])),
    mean,
    imbalance: Math.min(1, 4 * variance),
  };
}
