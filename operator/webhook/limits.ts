import type { Finding, Path } from '#crds/finding.ts';
import { shown } from '#crds/finding.ts';
import type { JsonSchema } from '#crds/json-schema.ts';
import { memberSchema } from '#crds/json-schema.ts';

/** Findings after which nobody reads on. */
const MOST = 20;
/** Fields that an object may have beside those its schema names. */
const STRANGERS = 64;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const limit = (schema: JsonSchema, name: 'maxItems' | 'maxLength' | 'maxProperties'): number =>
  typeof schema[name] === 'number' ? schema[name] : Infinity;

/** What one value breaks itself, its members aside. */
function excess(schema: JsonSchema, value: unknown): [has: string, most: number] | undefined {
  if (typeof value === 'string') {
    const most = limit(schema, 'maxLength');
    return value.length > most ? [`${shown(value)} has ${value.length} characters`, most] : undefined;
  }
  if (Array.isArray(value)) {
    const most = limit(schema, 'maxItems');
    return value.length > most ? [`the list has ${value.length} items`, most] : undefined;
  }
  if (!isObject(value)) return undefined;
  const known = Object.keys(schema.properties ?? {}).length;
  const most = Math.min(limit(schema, 'maxProperties'), known > 0 ? known + STRANGERS : Infinity);
  const has = Object.keys(value).length;
  return has > most ? [`the object has ${has} fields`, most] : undefined;
}

/**
 * Lists, texts and objects that are longer than their schema allows: at most 20, in order. The API server refuses these before it
 * asks a webhook; whoever else reaches the port must not make the parser build messages of them (its work grows with lengths).
 */
export function overLimits(schema: JsonSchema, root: unknown): Finding[] {
  const found: Finding[] = [];
  const look = (at: JsonSchema | undefined, value: unknown, path: Path): void => {
    if (at === undefined || found.length >= MOST) return;
    const over = excess(at, value);
    if (over !== undefined) {
      found.push({ path, message: over[0], fix: `make it at most ${over[1]}` });
    } else if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) look(at.items, item, [...path, i]);
    } else if (isObject(value)) {
      for (const [key, member] of Object.entries(value)) look(memberSchema(at, key), member, [...path, key]);
    }
  };
  look(schema, root, []);
  return found;
}
