import type { ExpiryPolicy } from '#memory/store/trace-store.ts';
import type { IndexShard } from './index-shard.ts';

/** A day: after this long unused, half of what age and use are worth is gone. */
const HALF_LIFE_MS = 86_400_000;
/** Slots looked at between two breaths. */
const SLICE = 4096;
/** Steps of the histogram of priorities. */
const BINS = 1024;

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

/** Slots of a shard that must go; calls `breathe` between slices, and queries may run then. */
export async function victims(
  shard: IndexShard,
  policy: ExpiryPolicy,
  breathe: () => Promise<void>,
): Promise<{ aged: number[]; evicted: number[] }> {
  const aged: number[] = [];
  const bins = new Uint32Array(BINS + 1);
  const before = policy.ttlMs === undefined ? -Infinity : policy.nowMs - policy.ttlMs;
  let left = 0;
  for (let start = 0; start < shard.slots; start += SLICE) {
    for (let slot = start; slot < Math.min(shard.slots, start + SLICE); slot++) {
      if (!shard.lives(slot)) continue;
      if (createdOf(shard, slot) < before) {
        aged.push(slot);
        continue;
      }
      left++;
      const bin = Math.floor(priorityOf(shard, slot, policy.nowMs) * BINS);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    await breathe();
  }
  const surplus = left - (policy.maxPerShard ?? Infinity);
  if (surplus <= 0) return { aged, evicted: [] };
  let last = 0;
  for (let sum = bins[0] ?? 0; sum < surplus; sum += bins[last] ?? 0) last++;
  const candidates: { slot: number; priority: number; createdMs: number; row: number }[] = [];
  for (let start = 0; start < shard.slots; start += SLICE) {
    for (let slot = start; slot < Math.min(shard.slots, start + SLICE); slot++) {
      if (!shard.lives(slot) || createdOf(shard, slot) < before) continue;
      const worth = priorityOf(shard, slot, policy.nowMs);
      if (Math.floor(worth * BINS) > last) continue;
      const { segment, i } = shard.at(slot);
      candidates.push({
        slot,
        priority: worth,
        createdMs: segment.createdMs[i] ?? 0,
        row: segment.rows[i] ?? 0,
      });
    }
    await breathe();
  }
  candidates.sort((a, b) => a.priority - b.priority || a.createdMs - b.createdMs || a.row - b.row);
  return { aged, evicted: candidates.slice(0, surplus).map((c) => c.slot) };
}

const createdOf = (shard: IndexShard, slot: number): number => {
  const { segment, i } = shard.at(slot);
  return segment.createdMs[i] ?? 0;
};

function priorityOf(shard: IndexShard, slot: number, nowMs: number): number {
  const { segment, i } = shard.at(slot);
  return priority(
    {
      reward: segment.rewards[i] ?? 0,
      createdMs: segment.createdMs[i] ?? 0,
      usedMs: segment.usedMs[i] ?? 0,
      uses: segment.uses[i] ?? 0,
    },
    nowMs,
  );
}
