/** A day: after this long, half of what age and use are worth is gone. */
const HALF_LIFE_MS = 86_400_000;

/** Weights of the priority, by what is lost with the trace: what it is worth, how fresh it is, how often plans used it. */
const WEIGHTS = { utility: 0.5, age: 0.3, use: 0.2 } as const;

/**
 * Priority of a trace in [0, 1]: utility (1 - J, taken as 0 below 0), age and use each mapped to [0, 1]. The oldest-unused, least
 * useful go first. Rational, not exponential, decay: the same bits everywhere.
 */
export function priority(
  trace: {
    readonly reward: number;
    readonly createdMs: number;
    readonly usedMs: number;
    readonly uses: number;
  },
  nowMs: number,
): number {
  const half = (ageMs: number): number => HALF_LIFE_MS / (HALF_LIFE_MS + Math.max(0, ageMs));
  const utility = Math.min(1, Math.max(0, trace.reward));
  const use = (trace.uses / (trace.uses + 4)) * half(nowMs - trace.usedMs);
  return WEIGHTS.utility * utility + WEIGHTS.age * half(nowMs - trace.createdMs) + WEIGHTS.use * use;
}

/** Least worth keeping first; of equals the oldest, then by id. */
export const byPriority = (
  a: { readonly priority: number; readonly createdMs: number; readonly id: string },
  b: { readonly priority: number; readonly createdMs: number; readonly id: string },
): number => a.priority - b.priority || a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1);
