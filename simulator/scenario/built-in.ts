import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '..', 'scenarios');

/** Names of the scenarios in this repository, such as `S1`; none where it is not installed as a whole, as in the image of the parts. */
export function builtInScenarios(): string[] {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .toSorted();
}

/** File of a built-in scenario; undefined when there is none of that name. */
export function builtInPath(name: string): string | undefined {
  const path = join(FOLDER, `${name}.yaml`);
  return /^[\w.-]+$/.test(name) && existsSync(path) ? path : undefined;
}
