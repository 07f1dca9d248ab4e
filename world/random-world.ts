import { dag, node, region, service } from './test-world.ts';
import type { Item, LinkFacts } from './test-world.ts';

/** What a random world may contain; everything by default. */
export interface Ingredients {
  readonly nodes?: number;
  readonly services?: number;
  readonly tasks?: number;
  readonly dags?: number;
  /** Rates and bandwidth floors: flows are in each other's way. */
  readonly contention?: boolean;
  /** Hard limits other than capacity. */
  readonly limits?: boolean;
}

/** Uniform choices from a seed, the same on every machine. */
class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = (seed * 2654435761) >>> 0;
    for (let i = 0; i < 4; i++) this.next();
  }
  next(): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return this.#state / 2 ** 32;
  }
  /** A whole number from `low` to `high`. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }
  pick<T>(from: readonly T[]): T {
    return from[this.whole(0, from.length - 1)] as T;
  }
  chance(p: number): boolean {
    return this.next() < p;
  }
}

/**
 * A small world from a seed, for tests that try every placement: one or two regions, nodes of unlike speed and size on links of
 * unlike quality, one to three graphs. Some have no feasible placement.
 */
export function randomWorld(seed: number, wants: Ingredients = {}): Item[] {
  const dice = new Dice(seed);
  const { contention = true, limits = true } = wants;
  const homes = dice.chance(0.5) ? ['r', 's'] : ['r'];
  const nodes = Array.from({ length: dice.whole(2, wants.nodes ?? 5) }, (_, n) => ({
    name: `n${n}`,
    home: dice.pick(homes),
  }));
  const micros = (low: number, high: number): string => `${dice.whole(low, high)}us`;
  const quality = (): Omit<LinkFacts, 'from' | 'to'> => ({
    latency: micros(50, 1500),
    bandwidth: dice.pick(['20M', '40M', '100M', '1G']),
    ...(dice.chance(0.5) ? { jitter: micros(1, 300) } : {}),
    ...(dice.chance(0.5) ? { success: `0.9${dice.whole(0, 99)}` } : {}),
    ...(dice.chance(0.1) ? { slices: ['xr'] } : {}),
  });
  const links: LinkFacts[] = [];
  const join = (from: string, to: string): void => {
    if (links.some((l) => (l.from === from && l.to === to) || (l.from === to && l.to === from))) return;
    links.push({ from, to, ...quality(), ...(dice.chance(0.1) ? { oneWay: true } : {}) });
  };
  if (homes.length > 1 && dice.chance(0.95)) join('r', 's');
  if (homes.length > 1 && dice.chance(0.4)) {
    join('r', 'w');
    join('w', 's');
  }
  for (const { name, home } of nodes) if (dice.chance(0.6)) join(name, home);
  for (let extra = dice.whole(0, 2); extra > 0; extra--) {
    const [a, b] = [dice.pick(nodes).name, dice.pick(nodes).name];
    if (a !== b) join(a, b);
  }
  const items: Item[] = homes.map((name) =>
    region(name, {
      ...(dice.chance(0.9)
        ? { attachment: { latency: micros(50, 500), bandwidth: dice.pick(['40M', '1G']) } }
        : {}),
      waypoints: ['w'],
      links: name === 'r' ? links : [],
      bands: [{ name: 'mmWave', latency: '700us', jitter: '60us', bandwidth: '100M', success: '0.999' }],
    }),
  );
  for (const { name, home } of nodes) {
    items.push(
      node(name, {
        region: home,
        cpu: dice.pick(['1', '2', '3', '4']),
        mips: dice.whole(500, 2500),
        ...(dice.chance(0.05) ? { spec: { unschedulable: true } } : {}),
        ...(dice.chance(0.05) ? { slices: 'iot' } : {}),
      }),
    );
  }
  for (let d = dice.whole(1, wants.dags ?? 2); d > 0; d--)
    items.push(randomDag(dice, `d${d}`, homes, wants, contention, limits));
  return items;
}

function randomDag(
  dice: Dice,
  name: string,
  homes: readonly string[],
  wants: Ingredients,
  contention: boolean,
  limits: boolean,
): Item {
  const count = dice.whole(1, wants.services ?? 4);
  let spare = (wants.tasks ?? 5) - count;
  const microservices = Array.from({ length: count }, (_, s) => {
    const replicas = spare > 0 && dice.chance(0.25) ? 2 : 1;
    spare -= replicas - 1;
    return service(`m${s}`, {
      replicas,
      cpu: dice.pick(['500m', '1', '1500m']),
      ...(dice.chance(0.8) ? { work: String(dice.whole(1, 3000) * 1000) } : {}),
    });
  });
  const edges: Item[] = [];
  for (let to = 1; to < count; to++) {
    for (let from = 0; from < to; from++) {
      if (!dice.chance(from === to - 1 ? 0.8 : 0.3)) continue;
      edges.push({
        from: `m${from}`,
        to: `m${to}`,
        payload: dice.pick(['0', '1k', '20k', '100k']),
        callsPerRequest: dice.pick(['1', '1', '2', '0.5']),
        sync: dice.chance(0.5),
        ...(contention && dice.chance(0.5) ? { minBandwidth: dice.pick(['5M', '15M', '30M', '60M']) } : {}),
        ...(limits && dice.chance(0.3) ? { maxLatency: `${dice.whole(2, 120) * 100}us` } : {}),
      });
    }
  }
  const ingress = Array.from({ length: dice.whole(0, 2) }, () => ({
    region: dice.pick(homes),
    ...(dice.chance(0.5) ? { band: 'mmWave' } : {}),
    ...(contention && dice.chance(0.6) ? { requestsPerSecond: dice.pick(['2', '20', '60']) } : {}),
    payload: dice.pick(['0', '10k', '50k']),
  }));
  const qos = !limits
    ? {}
    : {
        maxLatency: `${dice.whole(5, 60)}ms`,
        ...(dice.chance(0.3) ? { maxJitter: `${dice.whole(100, 600)}us` } : {}),
        ...(dice.chance(0.3) ? { maxSync: `${dice.whole(1, 50) * 100}us` } : {}),
        ...(dice.chance(0.3) ? { minSuccess: `0.${dice.whole(80, 99)}` } : {}),
        enforcement: dice.chance(0.3) ? 'Required' : 'Preferred',
      };
  return dag(name, { slice: 'xr', ingress, qos, microservices, edges });
}
