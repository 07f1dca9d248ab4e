import type { JsonSchema } from '#crds/json-schema.ts';

const member = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;

/** Whether an option of a union is the one that a value means: every fixed word of it is in the value. */
function meant(option: JsonSchema, value: unknown): boolean {
  const words = Object.entries(option.properties ?? {}).flatMap(([key, schema]) => {
    const fixed =
      schema['const'] ??
      (Array.isArray(schema['enum']) && schema['enum'].length === 1 ? schema['enum'][0] : undefined);
    return fixed === undefined ? [] : [[key, fixed] as const];
  });
  return words.length > 0 && words.every(([key, fixed]) => member(value, key) === fixed);
}

/** The schema with every union replaced by the option that the value means, so that hints name the keys of that option. */
export function chosen(schema: JsonSchema, value: unknown): JsonSchema {
  const options = schema.anyOf ?? (schema['oneOf'] as JsonSchema[] | undefined);
  const option = options?.find((candidate) => meant(candidate, value));
  if (option !== undefined) return chosen(option, value);
  const { properties, items, additionalProperties } = schema;
  return {
    ...schema,
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, inner]) => [key, chosen(inner, member(value, key))]),
          ),
        }),
    ...(typeof additionalProperties === 'object' && typeof value === 'object' && value !== null
      ? {
          properties: Object.fromEntries(
            Object.entries(value).map(([key, inner]) => [key, chosen(additionalProperties, inner)]),
          ),
        }
      : {}),
    ...(items === undefined || !Array.isArray(value) ? {} : { items: chosen(items, value[0]) }),
  };
}
