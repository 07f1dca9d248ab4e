import type { TypeUrl } from './types.ts';
import type { Resource, Resources } from './resources.ts';

/** What one stream wants of one type, was sent, and said of it. */
export interface Subscription {
  /** Names asked for; undefined for everything. */
  readonly names: ReadonlySet<string> | undefined;
  /** Versions by name, as sent last. */
  readonly sent: ReadonlyMap<string, string>;
  /** Of the last answer; undefined before the first. */
  readonly nonce: string | undefined;
  /** Version of the whole that was acknowledged last. */
  readonly acked: string | undefined;
  /** Why the last answer was refused; it counts until a later one is acknowledged. */
  readonly refused: string | undefined;
}

/** Nothing asked, nothing sent. */
export const NEW: Subscription = {
  names: new Set(),
  sent: new Map(),
  nonce: undefined,
  acked: undefined,
  refused: undefined,
};

/** What a subscription should have of a type now. */
export function wantedOf(
  resources: Resources,
  type: TypeUrl,
  names: Subscription['names'],
): ReadonlyMap<string, Resource> {
  const all = resources.get(type) ?? new Map<string, Resource>();
  return new Map(
    [...all].filter(([name, { wildcard }]) => (names === undefined ? wildcard : names.has(name))),
  );
}

/** Versions of resources by name. */
export const versionsOf = (wanted: ReadonlyMap<string, Resource>): Map<string, string> =>
  new Map([...wanted].map(([name, { version }]) => [name, version]));

/** Whether the same resources in the same versions were sent. */
export const sameVersions = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean =>
  a.size === b.size && [...a].every(([name, version]) => b.get(name) === version);

/** What a delta stream has to be told: resources that are new or differ, and names that are gone. */
export function difference(
  sent: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, Resource>,
): { readonly changed: readonly Resource[]; readonly removed: readonly string[] } {
  return {
    changed: [...wanted.values()].filter(({ name, version }) => sent.get(name) !== version),
    removed: [...sent.keys()].filter((name) => !wanted.has(name)),
  };
}

/** What an acknowledgement or refusal changes; one about an older answer says nothing of the newest. */
export function heard(
  before: Subscription,
  nonce: string,
  version: string,
  refusal: string | undefined,
): Subscription {
  if (nonce === '' || nonce !== before.nonce) return before;
  return refusal === undefined
    ? { ...before, acked: version, refused: undefined }
    : { ...before, refused: refusal };
}

/** Names in a request: all of them (state of the world), or those that come and go (incremental). */
export interface Question {
  readonly resource_names?: readonly string[];
  readonly resource_names_subscribe?: readonly string[];
  readonly resource_names_unsubscribe?: readonly string[];
}

/** State of the world: each request names everything; none at all means everything, unless names were given before. */
export function namesOf(
  known: Subscription | undefined,
  { resource_names: names = [] }: Question,
): Subscription['names'] {
  if (names.length > 0) return names.includes('*') ? undefined : new Set(names);
  return known === undefined ? undefined : known.names === undefined ? undefined : new Set();
}

/** Incremental: each request adds and removes names; a first one without any means everything. */
export function namesOfDelta(known: Subscription | undefined, request: Question): Subscription['names'] {
  const { resource_names_subscribe: more = [], resource_names_unsubscribe: less = [] } = request;
  if (known === undefined) return more.length === 0 || more.includes('*') ? undefined : new Set(more);
  if (more.includes('*')) return undefined;
  if (known.names === undefined) return less.includes('*') ? new Set(more) : undefined;
  return new Set([...known.names, ...more].filter((name) => !less.includes(name)));
}
