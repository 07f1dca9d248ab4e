import { existsSync } from 'node:fs';
import { MemoryUnavailable } from '#memory/store/errors.ts';
import { RefusedTrace } from '#memory/trace/refusal.ts';
import { EmbeddedStore } from './file-store.ts';
import type { EmbeddedOptions } from './file-store.ts';
import { damaged, openFile, prepareFile, spaceOf } from './schema.ts';
import { Writer } from './writer.ts';

/**
 * Opens the memory in a file: SQLite with a write-ahead log is the truth, all vectors are in memory. Writes happen on a thread of
 * their own; `put` resolves when they are on the disk. Throws `DamagedMemory`, `MemoryUnavailable` or `OtherEncoder`.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedStore> {
  const { path, space, readOnly = false } = options;
  if (!readOnly) {
    if (space === undefined && !existsSync(path))
      throw new MemoryUnavailable(`${path}: no such memory; import traces to make one`);
    if (space !== undefined) prepareFile(path, space);
  }
  const db = openFile(path, true);
  try {
    const kept = spaceOf(db);
    if (
      space !== undefined &&
      space.dimension !== kept.dimension &&
      space.encoderVersion === kept.encoderVersion
    ) {
      throw new RefusedTrace(
        'dimension',
        `the vectors of "${kept.encoderVersion}" in ${path} have ${kept.dimension} numbers, not ${space.dimension}`,
        'give another encoder another version',
      );
    }
    const writer = new Writer(path);
    const store = new EmbeddedStore(options, db, space ?? kept, writer);
    await store.load();
    return store;
  } catch (error) {
    db.close();
    throw damaged(path, error);
  }
}
