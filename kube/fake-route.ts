import { FakeRefusal } from './fake-refusal.ts';
import { pathOf } from './kinds.ts';
import type { Kind } from './kinds.ts';

/** Test support: what the path of a request is about. `collection` is the same for every namespace. */
export interface Route {
  readonly collection: string;
  readonly plural: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** The collection of a kind. */
export const collectionOf = (kind: Kind): string => pathOf(kind);

/** Reads a path of any group; 404 when it is no path of the API. */
export function routeOf(path: string): Route {
  const parts = path.split('/').slice(1).map(decodeURIComponent);
  const depth = parts[0] === 'api' ? 2 : 3;
  const root = `/${parts.slice(0, depth).join('/')}`;
  let tail = parts.slice(depth);
  let namespace: string | undefined;
  if (tail[0] === 'namespaces' && tail.length >= 3 && !['status', 'finalize'].includes(tail[2] ?? '')) {
    namespace = tail[1];
    tail = tail.slice(2);
  }
  const [plural, name, subresource] = tail;
  if (!['api', 'apis'].includes(parts[0] ?? '') || plural === undefined || tail.length > 3) {
    throw new FakeRefusal(404, 'NotFound', `the server could not find the requested resource: ${path}`);
  }
  return {
    collection: `${root}/${plural}`,
    plural,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}
