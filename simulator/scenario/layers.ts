import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { documentsOf } from '#crds/documents.ts';
import type { Path } from '#crds/finding.ts';
import { fieldOf } from '#crds/finding.ts';
import { InputError } from '#crds/input-error.ts';
import type { InputProblem } from '#crds/input-error.ts';
import { findingsOf } from '#crds/issues.ts';
import { inputSchema } from '#crds/json-schema.ts';
import { suggestion } from '#crds/nearest.ts';
import { builtInPath, builtInScenarios } from './built-in.ts';
import { fileParts } from './schema.ts';

/** A plain object of YAML. */
export type Tree = Readonly<Record<string, unknown>>;

/** One file's (or one case's) part of a scenario. Later layers override earlier ones. */
export interface Layer {
  readonly file: string;
  readonly tree: Tree;
  /** Line of a field of `tree`, or of the nearest thing around it. */
  readonly lineOf: (path: Path) => number;
}

/** A file with what it extends, and the cases it asks for. */
export interface Layered {
  readonly layers: readonly Layer[];
  /** One per `vary` entry; none when the file has no `vary`. */
  readonly cases: readonly { readonly name: string; readonly layer: Layer }[];
}

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const fail = (file: string, line: number, field: string, message: string, fix: string): InputError =>
  new InputError([{ file, line, object: '', field, message, fix }]);

/** Reads a scenario file and those it extends. Throws an `InputError` with file, line, field and fix. */
export function readLayers(path: string, seen: readonly string[] = []): Layered {
  const file = basename(path);
  if (seen.includes(path)) {
    const round = [...seen, path].map((p) => basename(p)).join(' extends ');
    throw fail(path, 1, 'extends', `the scenario extends itself: ${round}`, 'start from another one');
  }
  const { value, lineOf } = documentIn(path);
  const { extends: from, vary, ...tree } = value;
  const parts = fileParts.safeParse({ extends: from, vary });
  if (!parts.success) {
    const findings = findingsOf(parts.error.issues, value, inputSchema(fileParts));
    throw new InputError(
      findings.map(({ path: at, message, fix }) => {
        return { file: path, line: lineOf(at), object: '', field: fieldOf(at), message, fix };
      }),
    );
  }
  const base = parts.data.extends;
  const below =
    base === undefined ? [] : readLayers(beside(path, base, lineOf(['extends'])), [...seen, path]).layers;
  const cases = (parts.data.vary ?? []).map(({ name, set }, i) => ({
    name,
    layer: { file: path, tree: set, lineOf: (at: Path) => lineOf(['vary', i, 'set', ...at]) },
  }));
  const twice = cases.findIndex(({ name }, i) => cases.findIndex((other) => other.name === name) < i);
  if (twice >= 0) {
    const line = lineOf(['vary', twice, 'name']);
    const message = `the case "${cases[twice]?.name ?? ''}" is there twice in ${file}`;
    throw fail(path, line, `vary[${twice}].name`, message, 'rename or remove one');
  }
  return { layers: [...below, { file: path, tree, lineOf }], cases };
}

function documentIn(path: string): { value: Tree; lineOf: (path: Path) => number } {
  const { documents, problems } = documentsOf(textIn(path));
  if (problems.length > 0)
    throw new InputError(problems.map((p) => ({ file: path, object: '', field: '', ...p })));
  const [document, ...more] = documents;
  if (document === undefined || more.length > 0 || !isTree(document.value)) {
    throw fail(path, 1, '', `the file holds ${documents.length} objects`, 'write one scenario a file');
  }
  return { value: document.value, lineOf: document.lineOf };
}

function textIn(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const known = `built in are ${builtInScenarios().join(', ')}`;
    throw fail(
      path,
      0,
      '',
      `the scenario cannot be read (${why})`,
      `name a file or a built-in scenario; ${known}`,
    );
  }
}

function beside(path: string, base: string, line: number): string {
  const builtIn = builtInPath(base);
  if (builtIn !== undefined) return builtIn;
  if (/\.ya?ml$/.test(base)) return join(dirname(path), base);
  throw fail(path, line, 'extends', `no scenario "${base}"`, suggestion(base, builtInScenarios()));
}

// Keys whose value says which other keys belong: a layer that says another one starts that object afresh.
const CHOICES = ['from', 'by', 'curve', 'law', 'model', 'profile'];

/** One object over another: objects are merged, everything else is replaced, `null` removes. */
export function merged(below: unknown, above: unknown): unknown {
  if (!isTree(below) || !isTree(above)) return above;
  const other = CHOICES.some(
    (key) => above[key] !== undefined && below[key] !== undefined && above[key] !== below[key],
  );
  if (other) return merged({}, above);
  const keys = [...new Set([...Object.keys(below), ...Object.keys(above)])];
  return Object.fromEntries(
    keys.flatMap((key) => {
      if (!Object.hasOwn(above, key)) return [[key, below[key]]];
      return above[key] === null ? [] : [[key, merged(below[key], above[key])]];
    }),
  );
}

/** File and line of a field: of the last layer that says something about it. */
export function whereIs(layers: readonly Layer[], path: Path): Pick<InputProblem, 'file' | 'line'> {
  for (let length = path.length; length >= 0; length--) {
    const part = path.slice(0, length);
    const layer = layers.findLast(({ tree }) => length === 0 || has(tree, part));
    if (layer !== undefined) return { file: layer.file, line: layer.lineOf(part) };
  }
  return { file: layers.at(-1)?.file ?? '', line: 0 };
}

const has = (tree: unknown, path: Path): boolean => {
  let value = tree;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return false;
    value = (value as Record<string | number, unknown>)[step];
  }
  return true;
};
