import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Expired, ExpiryPolicy } from '#memory/store/trace-store.ts';
import { victims } from './eviction.ts';
import type { VectorIndex } from './index.ts';
import type { FileReader } from './read.ts';
import type { Writer } from './writer.ts';

/** Traces removed between two breaths. */
const REMOVED = 64;

/** What removing works with. */
export interface Removing {
  readonly reader: FileReader;
  readonly writer: Writer;
  readonly index: VectorIndex;
}

/** Removes traces from index and file in slices; the number that were there. */
export async function removeTraces(
  { reader, writer, index }: Removing,
  ids: readonly string[],
): Promise<number> {
  let removed = 0;
  for (let start = 0; start < ids.length; start += REMOVED) {
    const rows: number[] = [];
    for (const id of ids.slice(start, start + REMOVED)) {
      const at = reader.rowOf(id);
      if (at === undefined) continue;
      const place = index.find(at.row, at.region);
      place?.shard.kill(place.slot);
      rows.push(at.row);
    }
    await writer.order({ kind: 'remove', rows });
    removed += rows.length;
  }
  return removed;
}

/** Removes what is too old, then of each shard the least worth keeping, in slices between which queries run. */
export async function expireTraces({ writer, index }: Removing, policy: ExpiryPolicy): Promise<Expired> {
  const breathe = (): Promise<void> => nextTurn();
  let aged = 0;
  let evicted = 0;
  for (const [, shard] of index.shards) {
    const gone = await victims(shard, policy, breathe);
    const slots = [...gone.aged, ...gone.evicted];
    for (let start = 0; start < slots.length; start += REMOVED) {
      // A slot may have changed hands since it was looked at.
      const rows = slots
        .slice(start, start + REMOVED)
        .filter(({ slot, row }) => shard.rowAt(slot) === row && shard.kill(slot))
        .map(({ row }) => row);
      await writer.order({ kind: 'remove', rows });
    }
    aged += gone.aged.length;
    evicted += gone.evicted.length;
  }
  return { aged, evicted };
}
