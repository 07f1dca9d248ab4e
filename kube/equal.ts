import { isDeepStrictEqual } from 'node:util';

/** Whether two JSON values are the same; a property set to undefined is no property. */
export function deepEqual(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(asJson(a), asJson(b));
}

function asJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
