import { isJson, same } from './fake-json.ts';
import type { Json } from './fake-json.ts';

// Lists the real schemas merge by a key; every other list is replaced whole.
const LIST_KEYS: Readonly<Record<string, string>> = {
  conditions: 'type',
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  ownerReferences: 'uid',
};

const keyed = (name: string, list: readonly unknown[]): Map<unknown, unknown> => {
  const key = LIST_KEYS[name] ?? '';
  return new Map(list.map((item) => [isJson(item) ? item[key] : undefined, item]));
};

function mergeList(name: string, live: unknown, old: unknown, now: readonly unknown[]): unknown {
  const [lives, olds] = [live, old].map((list) => (Array.isArray(list) ? (list as unknown[]) : []));
  if (name === 'finalizers') {
    const kept = (lives ?? []).filter((item) => now.includes(item) || olds?.includes(item) !== true);
    return [...kept, ...now.filter((item) => !kept.includes(item))];
  }
  if (LIST_KEYS[name] === undefined) return now;
  const result = keyed(name, lives ?? []);
  const before = keyed(name, olds ?? []);
  const after = keyed(name, now);
  for (const key of before.keys()) if (!after.has(key)) result.delete(key);
  for (const [key, item] of after) result.set(key, applied(result.get(key), before.get(key), item));
  return [...result.values()];
}

/**
 * Server-side apply, small: `live` with everything in `now`, less what this manager applied
 * before (`old`) and no longer does. Fields of others stay.
 */
export function applied(live: unknown, old: unknown, now: unknown, name = ''): unknown {
  if (Array.isArray(now)) return mergeList(name, live, old, now);
  if (!isJson(now)) return now;
  const result: Json = isJson(live) ? { ...live } : {};
  const before = isJson(old) ? old : {};
  for (const [key, value] of Object.entries(before)) {
    if (!(key in now)) {
      const rest = removed(result[key], value, key);
      if (rest === undefined) delete result[key];
      else result[key] = rest;
    }
  }
  for (const [key, value] of Object.entries(now)) result[key] = applied(result[key], before[key], value, key);
  return result;
}

function removed(live: unknown, old: unknown, name: string): unknown {
  if (Array.isArray(old)) {
    const rest = mergeList(name, live, old, []);
    return Array.isArray(rest) && rest.length > 0 ? rest : undefined;
  }
  if (!isJson(live) || !isJson(old)) return undefined;
  const rest = applied(live, old, {}) as Json;
  return Object.keys(rest).length === 0 ? undefined : rest;
}

/** Fields of `now` that another manager applied with another value. */
export function contested(other: unknown, now: unknown, path = ''): string[] {
  if (!isJson(other) || !isJson(now)) return same(other, now) ? [] : [path];
  return Object.keys(now).flatMap((key) =>
    key in other ? contested(other[key], now[key], `${path}.${key}`) : [],
  );
}
