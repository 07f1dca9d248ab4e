import type { Instance } from './instance.ts';

/** Static weights of Eq. 13 (ω₁..ω₄): latency, utilisation, load balance, reliability. */
export const OMEGA = [0.7, 0.1, 0.1, 0.1] as const;

/** Weight of each unit of a broken soft limit (ρ₂, ρ₃ of Eq. 19 in the corrected reading: a sum of separate hinges). */
export const RHO = 1;

/** Latency that stands for ℓmax when a DAG sets none, microseconds. */
const NO_LIMIT = 100_000;

/** Resources that Eq. 16 and 17 track (cpu, memory, accelerators), as columns of the snapshot. */
const TRACKED = ['cpu', 'memory', 'nvidia.com/gpu', 'edgeloom.dev/npu'];

/** Measurable results of a placement, in micros and probability. */
export interface Outcome {
  readonly latency: number;
  readonly jitter: number;
  readonly sync: number;
  readonly success: number;
}

const hinge = (value: number, limit: number): number =>
  limit === Infinity ? 0 : Math.max(0, limit === 0 ? Math.sign(value) : value / limit - 1);

/** Sum of separate hinges over the QoS limits (Eq. 19 terms 2 and 3, corrected: slack in one never pays for another). */
export function qosHinges(instance: Instance, outcome: Outcome): number {
  const { qos } = instance;
  const shortfall = qos.minSuccess === 0 ? 0 : Math.max(0, 1 - outcome.success / qos.minSuccess);
  return (
    hinge(outcome.latency, qos.maxLatency) +
    hinge(outcome.jitter, qos.maxJitter) +
    hinge(outcome.sync, qos.maxSync) +
    shortfall
  );
}

/** Utilisation R (Eq. 16) and load balance LB (Eq. 17) of the whole infrastructure, both in [0, 1]; kept up to date per move. */
export class Utilisation {
  /** Tracked columns. */
  readonly columns: readonly number[];
  /** 1 / capacity per host and column (`host * resources + column`); 0 where there is none. */
  readonly perUnit: Float64Array;
  /** Utilisation before this DAG, and its sum and sum of squares per column. */
  readonly base: Float64Array;
  readonly sum: Float64Array;
  readonly squares: Float64Array;
  /** Hosts that count in means, those outside a shortlist included. */
  readonly hosts: number;
  readonly #width: number;

  constructor(instance: Instance) {
    const { snapshot, free } = instance;
    const width = snapshot.resources.length;
    const listed = snapshot.hosts.length;
    this.hosts = listed + (snapshot.elsewhere?.count ?? 0);
    this.#width = width;
    this.columns = TRACKED.map((name) => snapshot.resources.indexOf(name)).filter(
      (r) => r >= 0 && snapshot.hosts.some((_, h) => (snapshot.allocatable[h * width + r] ?? 0) > 0),
    );
    this.perUnit = new Float64Array(listed * width);
    this.base = new Float64Array(listed * width);
    this.sum = snapshot.elsewhere?.sum.slice() ?? new Float64Array(width);
    this.squares = snapshot.elsewhere?.squares.slice() ?? new Float64Array(width);
    for (const r of this.columns) {
      for (let h = 0; h < listed; h++) {
        const at = h * width + r;
        const capacity = snapshot.allocatable[at] ?? 0;
        if (capacity <= 0) continue;
        this.perUnit[at] = 1 / capacity;
        const u = 1 - (free[at] ?? 0) / capacity;
        this.base[at] = u;
        this.sum[r] = (this.sum[r] ?? 0) + u;
        this.squares[r] = (this.squares[r] ?? 0) + u * u;
      }
    }
  }

  /** ω₂ R + ω₃ LB with `extra` amounts (host * resources + resource) placed on the hosts in `touched` (each named once). */
  cost(extra: Float64Array, touched: ArrayLike<number>, count: number): number {
    const n = this.hosts;
    let total = 0;
    let spread = 0;
    for (const r of this.columns) {
      let sum = this.sum[r] ?? 0;
      let squares = this.squares[r] ?? 0;
      for (let i = 0; i < count; i++) {
        const at = (touched[i] ?? 0) * this.#width + r;
        const before = this.base[at] ?? 0;
        const after = before + (extra[at] ?? 0) * (this.perUnit[at] ?? 0);
        sum += after - before;
        squares += after * after - before * before;
      }
      total += sum / n;
      spread += Math.max(0, squares / n - (sum / n) ** 2);
    }
    const kinds = Math.max(1, this.columns.length);
    // A variance of values in [0, 1] is at most 1/4: times 4 it lies in [0, 1].
    return OMEGA[1] * (total / kinds) + OMEGA[2] * Math.min(1, (4 * spread) / kinds);
  }
}

/** J = ω₁ ℓ/ℓmax + ω₂ R + ω₃ LB + ω₄ (1 − P) + hinges (Eq. 13 and 19); `utilisation` is ω₂ R + ω₃ LB. Less is better. */
export function utilityCost(instance: Instance, outcome: Outcome, utilisation: number): number {
  const scale =
    instance.qos.maxLatency > 0 && instance.qos.maxLatency < Infinity ? instance.qos.maxLatency : NO_LIMIT;
  return (
    (OMEGA[0] * outcome.latency) / scale +
    utilisation +
    OMEGA[3] * (1 - outcome.success) +
    RHO * qosHinges(instance, outcome)
  );
}
