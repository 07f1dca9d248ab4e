import { marginalSojourn } from './queueing.ts';
import type { Room } from './room.ts';

/** A way from a caller to a callee. */
export interface Way {
  readonly callee: number;
  /** Transfer time, and what lies behind the callee, microseconds. */
  readonly micros: number;
  readonly arcs: ArrayLike<number>;
}

/** Calls that leave one host. */
export interface Caller {
  /** Calls/s. */
  readonly rate: number;
  /** What all of them together reserve, bit/s. */
  readonly bps: number;
  /** Ways that they may take; in the order in which equal ones are preferred. */
  readonly ways: readonly Way[];
}

/** Replicas on one host. */
export interface Callee {
  /** Service time of one call, microseconds. */
  readonly serviceMicros: number;
  readonly replicas: number;
  /** Calls/s that it serves for others, whatever is decided here. */
  readonly load?: number;
}

/** How finely flows are dealt out. */
export interface Grain {
  /** Parts of a caller's flow. */
  readonly parts: number;
  /** Times that each part is dealt out, beside all the others. */
  readonly rounds: number;
}

/**
 * Shares of each caller's flow per callee (each caller's sum to 1) that make transfers and queues together least: every part
 * goes where transfer + marginal cost of the queue is least and the links have room for it, and is dealt out again until little
 * changes. So a near replica comes first, and what would wait too long there, or find no room on the way, spills over. A part that fits
 * nowhere goes where it costs least; a caller without any way spreads evenly. What is dealt out is held in `room`.
 */
export function waterFill(
  callers: readonly Caller[],
  callees: readonly Callee[],
  room: Room,
  { parts, rounds }: Grain,
): number[][] {
  const rate = Float64Array.from(callees, (callee) => callee.load ?? 0);
  const dealt = callers.map(() => new Int32Array(parts).fill(-1));
  for (let round = 0; round < rounds; round++) {
    for (let part = 0; part < parts; part++) {
      for (let c = 0; c < callers.length; c++) {
        const [caller, own] = [callers[c], dealt[c]];
        if (caller === undefined || own === undefined) continue;
        const { ways } = caller;
        const [flow, bps] = [caller.rate / parts, caller.bps / parts];
        const before = ways[own[part] ?? -1];
        if (before !== undefined) {
          rate[before.callee] = (rate[before.callee] ?? 0) - flow;
          if (bps > 0) room.take(before.arcs, -bps);
        }
        let best = -1;
        let least = Infinity;
        let fits = false;
        for (let w = 0; w < ways.length; w++) {
          const way = ways[w];
          const callee = callees[way?.callee ?? -1];
          if (way === undefined || callee === undefined) continue;
          const each = ((rate[way.callee] ?? 0) + flow) / callee.replicas;
          const cost = way.micros + marginalSojourn(each, callee.serviceMicros);
          if (fits && cost >= least) continue;
          const has = bps === 0 || room.has(way.arcs, bps);
          if (has === fits ? cost >= least : !has) continue;
          fits = has;
          least = cost;
          best = w;
        }
        own[part] = best;
        const way = ways[best];
        if (way === undefined) continue;
        rate[way.callee] = (rate[way.callee] ?? 0) + flow;
        if (bps > 0) room.take(way.arcs, bps);
      }
    }
  }
  return callers.map(({ ways }, c) => {
    if (ways.length === 0) return callees.map(() => 1 / callees.length);
    const count = new Float64Array(callees.length);
    for (const w of dealt[c] ?? []) {
      const k = ways[w]?.callee ?? 0;
      count[k] = (count[k] ?? 0) + 1;
    }
    return [...count].map((n) => n / parts);
  });
}
