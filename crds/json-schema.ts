import { z } from 'zod';

/** The parts of a JSON schema that Edgeloom looks at; the rest passes through. */
export interface JsonSchema {
  type?: string;
  description?: string;
  default?: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: boolean | JsonSchema;
  anyOf?: JsonSchema[];
  [key: string]: unknown;
}

/** What may be written for a zod schema (before defaults), as a JSON schema. */
export function inputSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', reused: 'inline' }) as JsonSchema;
}

/** The schema of a member of an object or a list; undefined when it has none. */
export function memberSchema(schema: JsonSchema | undefined, step: string | number): JsonSchema | undefined {
  if (typeof step === 'number') return schema?.items;
  const own = schema?.properties;
  if (own !== undefined && Object.hasOwn(own, step)) return own[step];
  return typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
