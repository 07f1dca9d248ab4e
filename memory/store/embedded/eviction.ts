import type { ExpiryPolicy } from '#memory/store/trace-store.ts';
import { byPriority, priority } from '#memory/store/priority.ts';
import type { IndexShard } from './index-shard.ts';

/** Slots looked at between two breaths. */
const SLICE = 4096;
/** Steps of the histogram of priorities. */
const BINS = 1024;

/** A trace that must go: its slot, and the row that was there when it was chosen. */
export interface Victim {
  readonly slot: number;
  readonly row: number;
}

/** Traces of a shard that must go; calls `breathe` between slices, and queries may run then. */
export async function victims(
  shard: IndexShard,
  policy: ExpiryPolicy,
  breathe: () => Promise<void>,
): Promise<{ aged: Victim[]; evicted: Victim[] }> {
  const aged: Victim[] = [];
  const bins = new Uint32Array(BINS + 1);
  const before = policy.ttlMs === undefined ? -Infinity : policy.nowMs - policy.ttlMs;
  let left = 0;
  for (let start = 0; start < shard.slots; start += SLICE) {
    for (let slot = start; slot < Math.min(shard.slots, start + SLICE); slot++) {
      const row = shard.rowAt(slot);
      if (row < 0) continue;
      if (createdOf(shard, slot) < before) {
        aged.push({ slot, row });
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
  const candidates: (Victim & { priority: number; createdMs: number; id: string })[] = [];
  for (let start = 0; start < shard.slots; start += SLICE) {
    for (let slot = start; slot < Math.min(shard.slots, start + SLICE); slot++) {
      const row = shard.rowAt(slot);
      if (row < 0 || createdOf(shard, slot) < before) continue;
      const worth = priorityOf(shard, slot, policy.nowMs);
      if (Math.floor(worth * BINS) > last) continue;
      const { segment, i } = shard.at(slot);
      candidates.push({
        slot,
        row,
        priority: worth,
        createdMs: segment.createdMs[i] ?? 0,
        id: shard.idAt(slot),
      });
    }
    await breathe();
  }
  candidates.sort(byPriority);
  return { aged, evicted: candidates.slice(0, surplus) };
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
