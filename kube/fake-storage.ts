import { randomUUID } from 'node:crypto';
import { isJson, same } from './fake-json.ts';
import type { Json } from './fake-json.ts';
import { FakeRefusal } from './fake-refusal.ts';
import { keyOf } from './object.ts';
import type { KubeObject } from './object.ts';

/** One change of one object of one collection. */
export interface Change {
  readonly version: number;
  readonly collection: string;
  readonly before?: KubeObject;
  readonly after?: KubeObject;
  /** What a watcher is shown: the object, at its last version when it is gone. */
  readonly object: KubeObject;
}

const METADATA_OF_SERVER = ['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'deletionTimestamp'];
const rest = ({ metadata: _m, status: _s, ...body }: Json): Json => body;

/** Everything but metadata and status: what moves `generation`. */
const sameSpec = (a: KubeObject, b: KubeObject): boolean =>
  same(rest(a as unknown as Json), rest(b as unknown as Json));

/** Test support: the objects, their versions and their history, as etcd and the registry keep them. */
export class FakeStorage {
  readonly #collections = new Map<string, Map<string, KubeObject>>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #historySize: number;
  #history: Change[] = [];
  #oldest = 0;
  #version = 1;

  constructor(historySize: number) {
    this.#historySize = historySize;
  }

  /** The version of the last change. */
  get version(): number {
    return this.#version;
  }

  /** The objects of one collection, by key, in order. */
  objects(collection: string): KubeObject[] {
    const found = [...(this.#collections.get(collection) ?? [])];
    return found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  /** One object, if it exists. */
  find(collection: string, key: string): KubeObject | undefined {
    return this.#collections.get(collection)?.get(key);
  }

  /** One object; 404 when there is none. */
  get(collection: string, key: string): KubeObject {
    const found = this.find(collection, key);
    if (found !== undefined) return found;
    throw new FakeRefusal(404, 'NotFound', `${collection} "${key}" not found`);
  }

  /** Adds an object with the metadata the server gives; 409 when the key is taken. */
  create(collection: string, object: KubeObject): KubeObject {
    const key = keyOf(object);
    if (this.find(collection, key) !== undefined) {
      throw new FakeRefusal(409, 'AlreadyExists', `${collection} "${key}" already exists`);
    }
    const born = { uid: randomUUID(), generation: 1, creationTimestamp: new Date().toISOString() };
    return this.#commit(collection, key, undefined, {
      ...object,
      metadata: { ...object.metadata, ...born, deletionTimestamp: undefined },
    });
  }

  /** Replaces an object. An equal one changes nothing, and one that loses its last finalizer while going is gone. */
  replace(collection: string, before: KubeObject, wanted: KubeObject): KubeObject {
    const kept = METADATA_OF_SERVER.map(
      (name) => [name, (before.metadata as unknown as Json)[name]] as const,
    );
    const metadata = { ...wanted.metadata, ...Object.fromEntries(kept) };
    const after = { ...wanted, metadata };
    if (same(before, after)) return before;
    const generation = (before.metadata.generation ?? 1) + (sameSpec(before, after) ? 0 : 1);
    const gone = metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0;
    const next = { ...after, metadata: { ...metadata, generation } };
    return this.#commit(collection, keyOf(before), before, gone ? undefined : next);
  }

  /** Deletes, or marks as going when finalizers hold the object. */
  delete(collection: string, key: string): KubeObject {
    const before = this.get(collection, key);
    if ((before.metadata.finalizers ?? []).length === 0)
      return this.#commit(collection, key, before, undefined);
    if (before.metadata.deletionTimestamp !== undefined) return before;
    const generation = (before.metadata.generation ?? 1) + 1;
    const deletionTimestamp = new Date().toISOString();
    const metadata = { ...before.metadata, generation, deletionTimestamp };
    return this.#commit(collection, key, before, { ...before, metadata });
  }

  /** The changes after a version; 410 when they are no longer known. */
  since(collection: string, version: number): Change[] {
    if (version < this.#oldest) {
      throw new FakeRefusal(410, 'Expired', `too old resource version: ${version} (${this.#oldest})`);
    }
    return this.#history.filter((change) => change.version > version && change.collection === collection);
  }

  /** Forgets all history: every version before now is too old. */
  forget(): void {
    this.#history = [];
    this.#version++;
    this.#oldest = this.#version;
  }

  /** Calls `fn` after every change. */
  listen(fn: (change: Change) => void): void {
    this.#listeners.add(fn);
  }

  #commit(collection: string, key: string, before?: KubeObject, after?: KubeObject): KubeObject {
    const version = ++this.#version;
    const base = after ?? before;
    if (base === undefined) throw new Error('a change needs an object');
    const metadata = { ...base.metadata, resourceVersion: String(version) };
    const object = JSON.parse(JSON.stringify({ ...base, metadata })) as KubeObject;
    const objects = this.#collections.get(collection) ?? new Map<string, KubeObject>();
    this.#collections.set(collection, objects);
    if (after === undefined) objects.delete(key);
    else objects.set(key, object);
    const sides = { ...(before && { before }), ...(after && { after: object }) };
    const change: Change = { version, collection, object, ...sides };
    this.#history.push(change);
    while (this.#history.length > this.#historySize) this.#oldest = this.#history.shift()?.version ?? 0;
    for (const listener of this.#listeners) listener(change);
    return object;
  }
}

/** Whether a body is an object with metadata; 422 names what is missing. */
export function asObject(body: unknown): KubeObject {
  if (isJson(body) && isJson(body['metadata'])) return body as unknown as KubeObject;
  throw new FakeRefusal(422, 'Invalid', 'metadata: required');
}
