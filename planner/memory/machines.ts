import { assign } from '#memory/retrieval/assignment.ts';
import type { Trace } from '#memory/trace/trace.ts';
import type { Instance } from '#world/instance.ts';

/** A machine of a past deployment with what is to go where it was. */
export interface PastMachine {
  readonly name: string;
  /** Region that stands for its own now; undefined when there is none. */
  readonly region: string | undefined;
  readonly cpuMilli: number;
  readonly utilisationPpm: number;
  /** It is wanted itself if it is still there; false when only what it was like counts. */
  readonly itself: boolean;
  /** Services of the instance that were there, one entry a replica. */
  readonly services: readonly number[];
}

/** Costs of taking a present host for a past machine; none is more than all milder ones together. */
const COST = { other: 0.5, elsewhere: 2, size: 0.5, load: 0.5, refused: 8, full: 4 } as const;
/** What a machine costs for which no host is left: more than any host. */
const NOWHERE = 1e3;
/** Hosts that are looked at for each past machine, the likest first; it never needs more than there are machines. */
const LIKEST = 24;
/** Sizes that differ by a factor of e cost the whole of `COST.size`. */
const logarithm = (cpuMilli: number): number => Math.log(Math.max(1, cpuMilli));

/**
 * Host of each past machine, no host for two: the least-cost assignment, where the same machine costs nothing if it is there and takes
 * what is to go there, and another host costs the more the less it is like it: region, size, load. -1: no host is left.
 */
export function hostsOfMachines(instance: Instance, machines: readonly PastMachine[]): Int32Array {
  const costs = machines.map((machine) => costsOf(instance, machine));
  const most = Math.min(LIKEST, machines.length);
  const pool = new Set<number>();
  for (const row of costs) {
    const order = [...row.keys()].toSorted((a, b) => (row[a] ?? 0) - (row[b] ?? 0) || a - b);
    for (const host of order.slice(0, most)) pool.add(host);
  }
  const columns = [...pool].toSorted((a, b) => a - b);
  const size = machines.length + columns.length;
  const square = new Float64Array(size * size);
  for (const [m, row] of costs.entries()) {
    square.fill(NOWHERE, m * size, (m + 1) * size);
    for (const [c, host] of columns.entries()) square[m * size + c] = row[host] ?? NOWHERE;
  }
  const chosen = assign(square, size);
  return Int32Array.from(machines, (_, m) => columns[chosen[m] ?? -1] ?? -1);
}

/** What each host of the instance costs in the place of a machine. */
function costsOf(instance: Instance, machine: PastMachine): Float64Array {
  const { snapshot, services, free } = instance;
  const width = snapshot.resources.length;
  const cpu = snapshot.resources.indexOf('cpu');
  const wanted = new Float64Array(width);
  for (const s of machine.services)
    for (const [r, amount] of (services[s]?.request ?? []).entries()) wanted[r] = (wanted[r] ?? 0) + amount;
  const allowed = [...new Set(machine.services)].map((s) => new Set(services[s]?.hosts));
  return Float64Array.from(snapshot.hosts, ({ name, region }, h) => {
    let cost = 0;
    for (const hosts of allowed) if (!hosts.has(h)) cost += COST.refused;
    for (let r = 0; r < width; r++)
      if ((wanted[r] ?? 0) > 0 && (free[h * width + r] ?? 0) < (wanted[r] ?? 0)) cost += COST.full;
    if (machine.itself && name === machine.name) return cost;
    const capacity = snapshot.allocatable[h * width + cpu] ?? 0;
    const load = capacity === 0 ? 0 : 1 - (free[h * width + cpu] ?? 0) / capacity;
    return (
      cost +
      COST.other +
      (region === machine.region ? 0 : COST.elsewhere) +
      COST.size * Math.min(1, Math.abs(logarithm(capacity) - logarithm(machine.cpuMilli))) +
      COST.load * Math.min(1, Math.abs(load - machine.utilisationPpm / 1e6))
    );
  });
}

/**
 * Which present region stands for each region of a trace's users: the same one if users are there now, else those that are left over,
 * the busiest for the busiest. Regions without users stand for themselves and are not named.
 */
export function regionsOf(instance: Instance, trace: Trace): Map<string, string> {
  const byWeight = (entries: readonly { region: string; weight: number }[]): string[] => {
    const sums = new Map<string, number>();
    for (const { region, weight } of entries) sums.set(region, (sums.get(region) ?? 0) + weight);
    return [...sums].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([region]) => region);
  };
  const now = byWeight(instance.ingress);
  const then = byWeight(trace.dag.ingress.map((i) => ({ region: i.region, weight: i.requestsPerSecond })));
  const stay = new Set(then.filter((region) => now.includes(region)));
  const left = now.filter((region) => !stay.has(region));
  return new Map(
    then.flatMap((region): [string, string][] => {
      const stands = stay.has(region) ? region : left.shift();
      return stands === undefined ? [] : [[region, stands]];
    }),
  );
}
