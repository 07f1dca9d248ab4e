import { DatabaseSync } from 'node:sqlite';
import { MemoryUnavailable } from '#memory/store/errors.ts';
import { pragma } from './schema.ts';

/** A second file, locked as long as its process lives: the system frees it even after kill -9. Throws `MemoryUnavailable`. */
export function lockOf(path: string): DatabaseSync {
  const lock = new DatabaseSync(`${path}.lock`, { timeout: 200 });
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;');
    pragma(lock, 'user_version');
    return lock;
  } catch (error) {
    lock.close();
    throw new MemoryUnavailable(`${path}: another process writes to this memory; stop it, or read only`, {
      cause: error,
    });
  }
}
