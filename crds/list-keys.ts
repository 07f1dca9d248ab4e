import type { Finding, Path } from './finding.ts';
import type { JsonSchema } from './json-schema.ts';
import { memberSchema } from './json-schema.ts';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keys that must differ between the items of a list: `[]` stands for the item itself; undefined when items may repeat. */
function keysOf(schema: JsonSchema): readonly string[] | undefined {
  if (schema['x-kubernetes-list-type'] === 'set') return [];
  const keys = schema['x-kubernetes-list-map-keys'];
  return Array.isArray(keys) ? keys.map(String) : undefined;
}

/** What tells an item from the others, for people; undefined when a key is missing (which is reported elsewhere). */
function identity(item: unknown, keys: readonly string[]): string | undefined {
  if (keys.length === 0) return typeof item === 'string' ? `"${item}"` : undefined;
  const values = keys.map((key) => (isObject(item) ? item[key] : undefined));
  if (values.some((v) => typeof v !== 'string' && typeof v !== 'number')) return undefined;
  return keys.map((key, i) => `${key} "${String(values[i])}"`).join(' and ');
}

/** Items that repeat in lists whose items must differ (list maps and sets), as the API server refuses them. */
export function repeatedItems(schema: JsonSchema | undefined, value: unknown, path: Path = []): Finding[] {
  if (schema === undefined) return [];
  if (isObject(value)) {
    return Object.entries(value).flatMap(([key, v]) =>
      repeatedItems(memberSchema(schema, key), v, [...path, key]),
    );
  }
  if (!Array.isArray(value)) return [];
  const keys = keysOf(schema);
  const first = new Map<string, number>();
  return value.flatMap((item: unknown, i) => {
    const inside = repeatedItems(schema.items, item, [...path, i]);
    const id = keys === undefined ? undefined : identity(item, keys);
    if (id === undefined) return inside;
    const before = first.get(id);
    if (before === undefined) {
      first.set(id, i);
      return inside;
    }
    return [
      ...inside,
      {
        path: [...path, i],
        message: `duplicate ${id}: item ${before} has it already`,
        fix: 'rename or remove one',
      },
    ];
  });
}

/** The value without the nulls that stand where a default is: the API server drops those before it applies defaults. */
export function withoutDefaultedNulls(schema: JsonSchema | undefined, value: unknown): unknown {
  if (schema === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => withoutDefaultedNulls(schema.items, item));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, v]) => v !== null || memberSchema(schema, key)?.default === undefined)
      .map(([key, v]) => [key, withoutDefaultedNulls(memberSchema(schema, key), v)]),
  );
}
