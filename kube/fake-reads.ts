import { randomUUID } from 'node:crypto';
import { FakeRefusal } from './fake-refusal.ts';
import type { Route } from './fake-route.ts';
import { fieldMatcher, labelMatcher } from './fake-selectors.ts';
import type { Matches } from './fake-selectors.ts';
import type { FakeStorage } from './fake-storage.ts';
import type { KubeObject } from './object.ts';

/** What a list or watch request selects: its namespace and both selectors. */
export function matcher({ namespace }: Route, query: URLSearchParams): Matches {
  const label = labelMatcher(query.get('labelSelector') ?? '');
  const field = fieldMatcher(query.get('fieldSelector') ?? '');
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) && label(object) && field(object);
}

interface Snapshot {
  readonly version: number;
  readonly rest: readonly KubeObject[];
}

/** Test support: gets and lists. Pages of one list show one version, as the real server's do. */
export class FakeReads {
  readonly #storage: FakeStorage;
  readonly #snapshots = new Map<string, Snapshot>();

  constructor(storage: FakeStorage) {
    this.#storage = storage;
  }

  /** One object; 404 when there is none. */
  get({ collection, namespace, name = '' }: Route): KubeObject {
    return this.#storage.get(collection, namespace === undefined ? name : `${namespace}/${name}`);
  }

  /** One page of a list. */
  list(route: Route, query: URLSearchParams): object {
    const { version, rest } = this.#snapshot(route, query);
    const limit = Number(query.get('limit') ?? 0);
    const items = limit > 0 ? rest.slice(0, limit) : rest;
    const left = rest.slice(items.length);
    const metadata = {
      resourceVersion: String(version),
      ...(left.length > 0 ? this.#keep(version, left) : {}),
    };
    // Lists leave the type of their items out, as the real server does.
    const bare = items.map(({ apiVersion: _a, kind: _k, ...item }) => item);
    return { kind: 'List', apiVersion: 'v1', metadata, items: bare };
  }

  #keep(version: number, rest: readonly KubeObject[]): object {
    const token = randomUUID();
    this.#snapshots.set(token, { version, rest });
    return { continue: token, remainingItemCount: rest.length };
  }

  #snapshot(route: Route, query: URLSearchParams): Snapshot {
    const token = query.get('continue') ?? '';
    if (token === '') {
      const matches = matcher(route, query);
      return {
        version: this.#storage.version,
        rest: this.#storage.objects(route.collection).filter(matches),
      };
    }
    const snapshot = this.#snapshots.get(token);
    if (snapshot === undefined) throw new FakeRefusal(400, 'BadRequest', 'continue key is not valid');
    this.#storage.since(route.collection, snapshot.version);
    return snapshot;
  }
}
