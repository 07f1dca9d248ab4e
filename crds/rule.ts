import type { z } from 'zod';

/** A rule over several fields of one object, said twice: in CEL for the API server, in TypeScript for the parser. */
export interface Rule<T> {
  readonly cel: string;
  readonly message: string;
  /** Below the object that carries the rule, e.g. `.edges`. */
  readonly fieldPath?: string;
  readonly reason?:
    'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
  /** Left out when the rule compares with the old object, or when the parser has a check that names more. */
  readonly holds?: (value: T) => boolean;
  /** Where the parser reports a breach, below the object. */
  readonly path?: readonly (string | number)[];
}

/** The schema with its rules: the parser checks `holds`, the generated CRD carries `cel`. */
export function withRules<S extends z.ZodType>(schema: S, rules: readonly Rule<z.output<S>>[]): S {
  const checked = rules.reduce<S>((inner, { holds, message, path }) => {
    return holds === undefined ? inner : inner.refine(holds, { error: message, path: [...(path ?? [])] });
  }, schema);
  const validations = rules.map(({ cel, message, fieldPath, reason }) => ({
    rule: cel,
    message,
    ...(fieldPath === undefined ? {} : { fieldPath }),
    ...(reason === undefined ? {} : { reason }),
  }));
  return checked.meta({ 'x-kubernetes-validations': validations });
}

/** A list whose items are told apart by keys, in the words of the API server. */
export const listMap = (...keys: string[]): Record<string, unknown> => ({
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
});
