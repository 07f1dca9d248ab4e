import type { z } from 'zod';
import type { Finding, Path } from './finding.ts';
import { shown, valueAt } from './finding.ts';
import type { JsonSchema } from './json-schema.ts';
import { memberSchema } from './json-schema.ts';
import { suggestion } from './nearest.ts';

type Issue = z.core.$ZodIssue;

const schemaAt = (root: JsonSchema, path: Path): JsonSchema | undefined =>
  path.reduce<JsonSchema | undefined>(memberSchema, root);

const ARTICLES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** A message of ours is `what is wrong: what to do`. */
function halves(message: string): { message: string; fix: string } {
  const [what = '', ...rest] = message.split(': ');
  return { message: what, fix: rest.join(': ') };
}

function unknownFields(
  issue: Issue & { code: 'unrecognized_keys' },
  path: Path,
  schema: JsonSchema,
): Finding[] {
  const known = Object.keys(schemaAt(schema, path)?.properties ?? {});
  return issue.keys.map((key) => ({
    path: [...path, key],
    message: `unknown field "${key}"`,
    fix: suggestion(key, known),
  }));
}

function wrongType(expected: string, value: unknown): { message: string; fix: string } {
  const want = ARTICLES[expected] ?? expected;
  const message = `${shown(value)} must be ${want}`;
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return { message, fix: `write it in quotes: "${value}"` };
  }
  const bare = typeof value === 'string' && ['number', 'int', 'boolean'].includes(expected);
  return { message, fix: bare ? `write ${want} without quotes` : `write ${want}` };
}

function wrongSize(
  issue: Issue & { code: 'too_small' | 'too_big' },
  value: unknown,
): { message: string; fix: string } {
  const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
  if (issue.origin === 'array') {
    const has = Array.isArray(value) ? value.length : 0;
    return { message: `the list has ${has} items`, fix: `make it ${bound}` };
  }
  if (issue.origin === 'string') {
    return { message: `${shown(value)} has ${String(value).length} characters`, fix: `make it ${bound}` };
  }
  return { message: `${shown(value)} is out of range`, fix: `write ${bound}` };
}

function explain(
  issue: Issue,
  value: unknown,
  schema: JsonSchema | undefined,
): { message: string; fix: string } {
  if (value === undefined && issue.code !== 'custom') {
    return {
      message: 'required field is missing',
      fix: `add it: ${schema?.description ?? 'it has no default'}`,
    };
  }
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, value);
    case 'too_small':
    case 'too_big':
      return wrongSize(issue, value);
    case 'invalid_value': {
      const known = issue.values.map(String);
      return { message: `${shown(value)} is not allowed`, fix: suggestion(String(value), known) };
    }
    default: {
      const { message, fix } = halves(issue.message);
      return { message: message.startsWith('must') ? `${shown(value)} ${message}` : message, fix };
    }
  }
}

/** What zod says about a value, in words of ours. `schema` is the JSON schema of the same type. */
export function findingsOf(issues: readonly Issue[], root: unknown, schema: JsonSchema): Finding[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
    if (issue.code === 'unrecognized_keys') return unknownFields(issue, path, schema);
    return [{ path, ...explain(issue, valueAt(root, path), schemaAt(schema, path)) }];
  });
}
