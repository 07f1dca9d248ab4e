import type { JsonSchema } from './json-schema.ts';

/** A schema that cannot become part of a CRD; the message lists every place and reason. */
class NotStructural extends Error {
  override readonly name = 'NotStructural';
}

/** Keywords whose meaning is the same in a structural schema, in the order they are written. */
const KEPT = [
  'description',
  'type',
  'format',
  'default',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'required',
] as const;

/**
 * Turns what zod writes into the structural schema that the API server accepts: closed and open objects by pruning instead of
 * `additionalProperties`, int-or-string in its one legal form, no unions, no references. Refuses a list, a string or a map
 * without a bound (the API server counts the cost of rules by them) and a field without a description.
 */
export function toStructural(schema: JsonSchema, root: string): JsonSchema {
  const refused: string[] = [];
  const structural = convert(schema, root, refused);
  if (refused.length > 0) throw new NotStructural(refused.join('\n'));
  return structural;
}

function convert(schema: JsonSchema, at: string, refused: string[]): JsonSchema {
  const plain = schema['x-kubernetes-int-or-string'] === true ? intOrString(schema) : schema;
  for (const reason of defects(plain)) refused.push(`${at}: ${reason}`);
  const out: JsonSchema = {};
  Object.assign(
    out,
    Object.fromEntries(KEPT.filter((k) => plain[k] !== undefined).map((k) => [k, plain[k]])),
  );
  if (plain.type === 'integer') Object.assign(out, integer(plain));
  for (const [keyword, value] of Object.entries(plain))
    if (keyword.startsWith('x-kubernetes-')) out[keyword] = value;
  if (plain['x-kubernetes-int-or-string'] === true) out.anyOf = [{ type: 'integer' }, { type: 'string' }];
  if (plain.properties !== undefined) {
    out.properties = Object.fromEntries(
      Object.entries(plain.properties).map(([name, member]) => [
        name,
        convert(member, `${at}.${name}`, refused),
      ]),
    );
  }
  if (plain.items !== undefined) out.items = convert(plain.items, `${at}[]`, refused);
  if (isMap(plain)) out.additionalProperties = convert(plain.additionalProperties, `${at}.*`, refused);
  return out;
}

const isMap = (schema: JsonSchema): schema is JsonSchema & { additionalProperties: JsonSchema } =>
  typeof schema.additionalProperties === 'object' && Object.keys(schema.additionalProperties).length > 0;

/** The bounds of both alternatives on one level: those of numbers do not touch strings, and the other way round. */
function intOrString({ anyOf, ...rest }: JsonSchema): JsonSchema {
  const [number = {}, string = {}] = anyOf ?? [];
  const { type: _integer, ...numberBounds } = number;
  const { type: _string, ...stringBounds } = string;
  return { ...rest, ...numberBounds, ...stringBounds };
}

/** Whole numbers say their width; the bounds of JavaScript stay: the parser has them too. */
function integer(schema: JsonSchema): JsonSchema {
  const small = typeof schema['maximum'] === 'number' && schema['maximum'] <= 2 ** 31 - 1;
  return { format: small ? 'int32' : 'int64' };
}

function defects(schema: JsonSchema): string[] {
  const { type } = schema;
  const either = schema['x-kubernetes-int-or-string'] === true;
  const found: (string | false)[] = [
    ...['$ref', 'oneOf', 'allOf', 'not', 'anyOf', 'const', 'nullable', 'patternProperties'].map(
      (keyword) => schema[keyword] !== undefined && `${keyword} has no place in a structural schema`,
    ),
    type === undefined && !either && 'no type',
    type === 'number' && 'floats are not allowed: use an integer with its unit in the name, or a quantity',
    type === 'array' && schema['maxItems'] === undefined && 'a list needs maxItems',
    (type === 'string' || either) &&
      schema['maxLength'] === undefined &&
      schema['enum'] === undefined &&
      'a string needs maxLength or enum',
    isMap(schema) && schema['maxProperties'] === undefined && 'a map needs maxProperties',
  ];
  const undescribed = Object.entries(schema.properties ?? {})
    .filter(([, member]) => member.description === undefined)
    .map(([name]) => `${name} has no description`);
  return [...found.filter((reason) => reason !== false), ...undescribed];
}
