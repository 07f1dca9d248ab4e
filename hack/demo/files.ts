import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const current = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Names of the files whose content in `dir` differs from the given one, or that are missing. */
export function staleFiles(dir: string, files: Readonly<Record<string, string>>): string[] {
  return Object.keys(files).filter((name) => current(join(dir, name)) !== files[name]);
}

/** Writes what changed and says so; with `check` it only names what would change. Answers the exit status. */
export function writeOrCheck(dir: string, files: Readonly<Record<string, string>>, check: boolean): number {
  const stale = staleFiles(dir, files);
  if (check) {
    for (const name of stale) console.error(`${name} is stale: run the same command without --check`);
    return stale.length === 0 ? 0 : 1;
  }
  mkdirSync(dir, { recursive: true });
  for (const name of stale) {
    writeFileSync(join(dir, name), files[name] ?? '');
    console.log(`wrote ${name}`);
  }
  return 0;
}
