import { FakeRefusal } from './fake-refusal.ts';
import { isJson, same } from './fake-json.ts';
import type { Json } from './fake-json.ts';

/** RFC 7396: null removes, objects merge, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJson(patch)) return patch;
  const result: Json = isJson(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

const refuse = (message: string): FakeRefusal => new FakeRefusal(422, 'Invalid', message);
const parts = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

function parentOf(root: unknown, path: string): { parent: Json | unknown[]; last: string } {
  const steps = parts(path);
  const last = steps.pop();
  let parent: unknown = root;
  for (const step of steps) parent = (parent as Json | undefined)?.[step];
  if (last === undefined || typeof parent !== 'object' || parent === null)
    throw refuse(`no parent of ${path}`);
  return { parent: parent as Json | unknown[], last };
}

function read(root: unknown, path: string): unknown {
  let value: unknown = root;
  for (const step of parts(path)) value = (value as Json | undefined)?.[step];
  return value;
}

function add(root: unknown, path: string, value: unknown): void {
  const { parent, last } = parentOf(root, path);
  if (Array.isArray(parent)) parent.splice(last === '-' ? parent.length : Number(last), 0, value);
  else parent[last] = value;
}

function remove(root: unknown, path: string): void {
  const { parent, last } = parentOf(root, path);
  if (!(last in parent)) throw refuse(`remove: no ${path}`);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
}

function step(root: unknown, { op, path, from = '', value }: Operation): void {
  switch (op) {
    case 'test':
      if (!same(read(root, path), value)) throw refuse(`test of ${path} failed`);
      return;
    case 'add':
      return add(root, path, value);
    case 'replace':
      if (read(root, path) === undefined) throw refuse(`replace: no ${path}`);
      remove(root, path);
      return add(root, path, value);
    case 'remove':
      return remove(root, path);
    case 'copy':
      return add(root, path, structuredClone(read(root, from)));
    case 'move': {
      const moved = read(root, from);
      remove(root, from);
      return add(root, path, moved);
    }
    default:
      throw refuse(`no operation "${op}"`);
  }
}

/** RFC 6902; a failed `test` is 422 and leaves nothing changed. */
export function jsonPatch(target: unknown, operations: readonly Operation[]): unknown {
  const result = structuredClone(target);
  for (const operation of operations) step(result, operation);
  return result;
}
