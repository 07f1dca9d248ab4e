import { readFile, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import type { InputProblem } from './input-error.ts';

/** A text and what messages call it. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

const LARGEST_BYTES = 64 * 1024 * 1024;
const DEEPEST_FOLDER = 32;
const OBJECTS = /\.(ya?ml|json)$/;
/** Files that lie among objects and are none. */
const NO_OBJECTS = /^(kustomization\.ya?ml|Kustomization|package(-lock)?\.json|tsconfig\.json)$/;

/** Texts of files and folders, in order, each file once; what cannot be read is a problem, not an exception. */
export async function readSources(
  paths: readonly string[],
): Promise<{ sources: Source[]; problems: InputProblem[] }> {
  const sources: Source[] = [];
  const problems: InputProblem[] = [];
  const seen = new Set<string>();
  const refuse = (file: string, message: string, fix: string): void => {
    problems.push({ file, line: 0, object: '', field: '', message, fix });
  };
  const visit = async (path: string, depth: number): Promise<void> => {
    if (path === '-') {
      sources.push({ file: '(standard input)', text: await textOf(process.stdin) });
      return;
    }
    try {
      const entry = await stat(path);
      if (entry.isDirectory()) {
        if (depth > DEEPEST_FOLDER)
          return refuse(path, 'folders are nested too deep', 'name a folder further down');
        const names = (await readdir(path)).filter((name) => !name.startsWith('.')).toSorted();
        for (const name of names) {
          const inside = join(path, name);
          const folder = await stat(inside).then(
            (s) => s.isDirectory(),
            () => false,
          );
          if (folder || (OBJECTS.test(name) && !NO_OBJECTS.test(name))) await visit(inside, depth + 1);
        }
        return;
      }
      const real = await realpath(path);
      if (seen.has(real)) return;
      seen.add(real);
      if (entry.size > LARGEST_BYTES) return refuse(path, 'the file is larger than 64 MiB', 'split it');
      sources.push({ file: path, text: await readFile(path, 'utf8') });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') refuse(path, 'no such file or folder', 'check the path');
      else refuse(path, `cannot be read (${code ?? message})`, 'check that it is a readable file or folder');
    }
  };
  for (const path of paths) await visit(path, 0);
  return { sources, problems };
}
