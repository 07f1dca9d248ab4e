import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { InputError } from '#crds/input-error.ts';
import { DATA_SETS } from './sets.ts';
import type { SetName } from './sets.ts';

/** Small extracts that may be redistributed, in the layout of a data folder. `NOTICE.md` there names sources and licences. */
export const EXTRACTS = join(import.meta.dirname, 'extracts');

/**
 * Where recorded data comes from: first the extracts in this repository, then the folder that the user names (`--data DIR` or
 * EDGELOOM_DATA), one folder per set.
 */
export class DataFolder {
  readonly root: string | undefined;

  /** `root` is the user's folder; without one only the extracts are there. */
  constructor(root?: string) {
    this.root = root === '' ? undefined : root;
  }

  /** Bytes of a file of a set; `.gz` is unpacked. Throws an `InputError` that says which set is missing and where it comes from. */
  bytes(set: SetName, file: string): Buffer {
    const path = this.#pathOf(set, file);
    if (path === undefined) throw this.#missing(set, file);
    const stored = readFileSync(path);
    if (!file.endsWith('.gz')) return stored;
    try {
      return gunzipSync(stored);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `the file cannot be unpacked (${why})`;
      throw problemAt(join(set, file), 0, '', message, 'fetch it again from its source');
    }
  }

  /** Text of a file of a set, as `bytes`. */
  text(set: SetName, file: string): string {
    return this.bytes(set, file).toString('utf8');
  }

  #pathOf(set: SetName, file: string): string | undefined {
    const roots = this.root === undefined ? [EXTRACTS] : [EXTRACTS, this.root];
    return roots.map((root) => join(root, set, file)).find((path) => existsSync(path));
  }

  #missing(set: SetName, file: string): InputError {
    const { what, source, licence } = DATA_SETS[set];
    const where = this.root === undefined ? 'no data folder is named' : `it is not in ${this.root}`;
    const message = `data set ${set} is needed and ${where} (${what}; source: ${source}; licence: ${licence})`;
    const fix =
      this.root === undefined
        ? 'name the folder that holds it with --data DIR or EDGELOOM_DATA'
        : `put it into ${join(this.root, set)}, or name another folder with --data DIR or EDGELOOM_DATA`;
    return problemAt(join(set, file), 0, '', message, fix);
  }
}

/** One thing wrong with a data file, as an error. `line` from 1; 0 when the whole file is meant. */
export function problemAt(
  file: string,
  line: number,
  field: string,
  message: string,
  fix: string,
): InputError {
  return new InputError([{ file, line, object: '', field, message, fix }]);
}
