/** Calls that leave one host. */
export interface Caller {
  /** Calls/s. */
  readonly rate: number;
  /** Transfer time to each callee, microseconds; Infinity where there is no way. */
  readonly micros: readonly number[];
}

/** Replicas on one host. */
export interface Callee {
  /** Service time of one call, microseconds. */
  readonly serviceMicros: number;
  readonly replicas: number;
  /** Calls/s that it serves for others, whatever is decided here. */
  readonly load?: number;
}

/** Parts that a caller's flow is dealt out in, and times that each part is dealt out anew beside all the others. */
const PARTS = 200;
const ROUNDS = 3;
/** Load from which the cost goes on as a straight line, so that what overflows is shared out by capacity. */
const STEEP = 0.9;

/** What one more call/s costs all calls at a callee: the derivative of rate x sojourn in M/M/1, S / (1 - ρ)². */
function marginal({ serviceMicros, replicas }: Callee, rate: number): number {
  const load = (rate * serviceMicros) / 1e6 / replicas;
  const at = Math.min(load, STEEP);
  const cost = serviceMicros / (1 - at) ** 2;
  return load <= STEEP ? cost : cost + ((load - STEEP) * 2 * serviceMicros) / (1 - STEEP) ** 3;
}

/**
 * Shares of each caller's flow per callee (each caller's sum to 1) that make transfers and queues together least: every part
 * goes where transfer + marginal cost of the queue is least, and is dealt out again until nothing changes much. So a near
 * replica comes first and what would wait too long there spills over. A caller without any way spreads evenly.
 */
export function waterFill(callers: readonly Caller[], callees: readonly Callee[]): number[][] {
  const rate = Float64Array.from(callees, (callee) => callee.load ?? 0);
  const parts = callers.map(() => new Int32Array(PARTS).fill(-1));
  for (let round = 0; round < ROUNDS; round++) {
    for (let part = 0; part < PARTS; part++) {
      for (const [c, caller] of callers.entries()) {
        const own = parts[c];
        if (own === undefined) continue;
        const flow = caller.rate / PARTS;
        const before = own[part] ?? -1;
        if (before >= 0) rate[before] = (rate[before] ?? 0) - flow;
        let best = -1;
        let least = Infinity;
        for (const [k, callee] of callees.entries()) {
          const cost = (caller.micros[k] ?? Infinity) + marginal(callee, (rate[k] ?? 0) + flow);
          if (cost >= least) continue;
          least = cost;
          best = k;
        }
        own[part] = best;
        if (best >= 0) rate[best] = (rate[best] ?? 0) + flow;
      }
    }
  }
  return parts.map((own) => {
    if ((own[0] ?? -1) < 0) return callees.map(() => 1 / callees.length);
    const count = new Int32Array(callees.length);
    for (const k of own) count[k] = (count[k] ?? 0) + 1;
    return [...count].map((n) => n / PARTS);
  });
}
