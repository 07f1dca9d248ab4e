import { weighted } from './flow.ts';
import { firstPairs, HEADROOM } from './fractions.ts';
import type { Fractions } from './fractions.ts';
import type { Instance } from './instance.ts';
import { withinLimit } from './path-table.ts';
import { arcsOf, transmission } from './paths.ts';
import { Room } from './room.ts';
import type { Service } from './service.ts';
import { waterFill } from './water-filling.ts';
import type { Callee, Caller, Grain, Way } from './water-filling.ts';

/** Shares in percents. */
const GRAIN: Grain = { parts: 100, rounds: 2 };
/** Ways between two hosts that are looked at, the quickest first. */
const WAYS = 3;

/** Replicas of a service on one host. */
interface Group {
  readonly host: number;
  /** Places among the service's replicas. */
  readonly replicas: readonly number[];
  /** Calls/s that reach them, headroom included. */
  rate: number;
}

/** Calls of one edge that leave one host. */
interface Outflow extends Caller {
  readonly edge: number;
  readonly from: Group;
}

/**
 * Chooses flow fractions for placements of one instance: callers first, each service's inflow water-filled over its replicas, by
 * transfer, queue and what lies behind them, within the room of links and the edges' `maxLatency` (kept where any way keeps it).
 * Deterministic; the effort is bounded by parts x rounds x ways. Keeps what it learns of ways.
 */
export class Steering {
  readonly #instance: Instance;
  readonly #room: Room;
  readonly #firstPair: Int32Array;
  readonly #ways = new Map<number, readonly Omit<Way, 'callee'>[]>();

  constructor(instance: Instance) {
    this.#instance = instance;
    this.#room = new Room(instance.usable.free);
    this.#firstPair = firstPairs(instance);
  }

  /** Fractions for an assignment. Without known rates nobody can tell when a replica is full: then they are even. */
  fractions(assign: Int32Array): Fractions {
    const { services, edges, incoming } = this.#instance;
    const fractions = new Float64Array(this.#firstPair[edges.length] ?? 0);
    const groups = services.map((service) => groupsOf(service, assign));
    const tails = this.#tails(groups);
    this.#room.clear();
    for (const [s, service] of services.entries()) {
      const callees = groups[s] ?? [];
      if (service.entry)
        for (const group of callees)
          group.rate = (HEADROOM * service.rate * group.replicas.length) / service.replicas;
      const flows = (incoming[s] ?? []).flatMap((e) => this.#outflows(e, groups, tails[s] ?? []));
      const sinks = callees.map(({ host, replicas }) => ({
        serviceMicros: service.serve[host] ?? 0,
        replicas: replicas.length,
      }));
      const isJoin = (incoming[s]?.length ?? 0) > 1;
      const shares =
        service.rate === 0
          ? flows.map(() => callees.map((group) => group.replicas.length / service.replicas))
          : isJoin
            ? this.#together(flows, sinks)
            : waterFill(flows, sinks, this.#room, GRAIN);
      for (const [f, { edge, from, rate }] of flows.entries())
        for (const [k, to] of callees.entries()) {
          const share = shares[f]?.[k] ?? 0;
          to.rate += rate * share;
          const first = this.#firstPair[edge] ?? 0;
          for (const i of from.replicas)
            for (const j of to.replicas)
              fractions[first + i * service.replicas + j] = share / to.replicas.length;
        }
    }
    return fractions;
  }

  /**
   * Shares of the calls into a join, the same for all of its callers: the inputs of one request meet at one replica, so callers that
   * each went their own way would not fill the replicas as planned. A replica costs what its latest input takes.
   */
  #together(flows: readonly Outflow[], sinks: readonly Callee[]): number[][] {
    const edges = [...Map.groupBy(flows, ({ edge }) => edge).values()];
    const total = (some: readonly Outflow[]): number => some.reduce((sum, { rate }) => sum + rate, 0);
    const ways = sinks.flatMap((_, callee): Way[] => {
      const inputs = edges.map((some) => {
        const micros = some.map(({ ways }) => ways.find((way) => way.callee === callee)?.micros ?? Infinity);
        const rate = total(some);
        return some.reduce((sum, flow, f) => {
          const part = rate === 0 ? 1 / some.length : flow.rate / rate;
          return sum + weighted(part, micros[f] ?? 0);
        }, 0);
      });
      const micros = Math.max(...inputs);
      return micros < Infinity ? [{ callee, micros, arcs: [] }] : [];
    });
    const [shares = []] = waterFill([{ rate: total(flows), bps: 0, ways }], sinks, this.#room, GRAIN);
    for (const { ways: own, bps } of flows)
      for (const [callee, share] of shares.entries())
        this.#room.take(own.find((way) => way.callee === callee)?.arcs ?? [], bps * share);
    return flows.map(() => shares);
  }

  /** The calls of an edge by the host they leave, with their ways to the callee's groups. */
  #outflows(e: number, groups: readonly Group[][], tail: readonly number[]): Outflow[] {
    const { services, edges } = this.#instance;
    const edge = edges[e];
    const caller = services[edge?.source ?? 0];
    if (edge === undefined || caller === undefined) return [];
    const callees = groups[edge.target] ?? [];
    return (groups[edge.source] ?? []).map((from) => {
      const all = callees.flatMap(({ host }, callee) =>
        this.#between(e, from.host, host).map((way) => ({ way, callee })),
      );
      const inTime = all.filter(({ way }) => withinLimit(way.micros, edge.maxLatency));
      const ways = (inTime.length === 0 ? all : inTime).map(({ way, callee }) => ({
        callee,
        micros: way.micros + (tail[callee] ?? 0),
        arcs: way.arcs,
      }));
      const bps = caller.rate === 0 ? 0 : (edge.bps * from.rate) / (HEADROOM * caller.rate);
      return { edge: e, from, rate: from.rate * edge.calls, bps, ways };
    });
  }

  /** Least time from each group's end to the end of the request, were nobody else there: links and service times alone. */
  #tails(groups: readonly Group[][]): number[][] {
    const { services, edges, outgoing } = this.#instance;
    const tails: number[][] = services.map(() => []);
    for (let s = services.length - 1; s >= 0; s--) {
      tails[s] = (groups[s] ?? []).map(({ host }) => {
        let longest = 0;
        for (const e of outgoing[s] ?? []) {
          const target = edges[e]?.target ?? 0;
          let least = Infinity;
          for (const [k, to] of (groups[target] ?? []).entries()) {
            const micros = this.#between(e, host, to.host)[0]?.micros ?? Infinity;
            const rest = (services[target]?.serve[to.host] ?? 0) + (tails[target]?.[k] ?? 0);
            least = Math.min(least, micros + rest);
          }
          if (least < Infinity) longest = Math.max(longest, least);
        }
        return longest;
      });
    }
    return tails;
  }

  /** Ways of an edge's calls from one host to another, the quickest first: one when nothing is reserved. */
  #between(e: number, from: number, to: number): readonly Omit<Way, 'callee'>[] {
    const { edges, paths, snapshot } = this.#instance;
    const { hosts } = snapshot;
    const key = (e * hosts.length + from) * hosts.length + to;
    const known = this.#ways.get(key);
    if (known !== undefined) return known;
    const { payloadBytes = 0, bps = 0 } = edges[e] ?? {};
    const ways =
      from === to
        ? [{ micros: 0, arcs: [] }]
        : (paths.labels(from)[to] ?? [])
            .map((label) => ({ micros: label.latency + transmission(payloadBytes, label.bandwidth), label }))
            .filter(({ micros }) => micros < Infinity)
            .toSorted((a, b) => a.micros - b.micros)
            .slice(0, bps === 0 ? 1 : WAYS)
            .map(({ micros, label }) => ({ micros, arcs: arcsOf(label) }));
    this.#ways.set(key, ways);
    return ways;
  }
}

/** Hosts in ascending order with the replicas on them. */
function groupsOf({ firstTask, replicas }: Service, assign: Int32Array): Group[] {
  const byHost = new Map<number, number[]>();
  for (let r = 0; r < replicas; r++) {
    const host = assign[firstTask + r] ?? 0;
    const there = byHost.get(host);
    if (there === undefined) byHost.set(host, [r]);
    else there.push(r);
  }
  return [...byHost].toSorted(([a], [b]) => a - b).map(([host, own]) => ({ host, replicas: own, rate: 0 }));
}
