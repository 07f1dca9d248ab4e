import { keyOf } from './object.ts';
import type { KubeObject } from './object.ts';

/** Told of one key: `before` is absent for a new object, `after` for one that is gone. */
export type Subscriber<T> = (key: string, before?: T, after?: T) => void;

function freeze<V>(value: V): V {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}

function entry<T extends KubeObject>(object: T): T {
  const { managedFields: _dropped, ...metadata } = object.metadata;
  return freeze({ ...object, metadata });
}

const sameVersion = (a: KubeObject, b: KubeObject): boolean =>
  a.metadata.resourceVersion !== undefined &&
  a.metadata.resourceVersion === b.metadata.resourceVersion &&
  a.metadata.uid === b.metadata.uid;

/** One secondary index: value -> keys, kept in step with the objects. */
class Index<T> {
  readonly #keys = new Map<string, Set<string>>();
  readonly #fn: (object: T) => readonly string[];

  constructor(fn: (object: T) => readonly string[]) {
    this.#fn = fn;
  }

  keys(value: string): Iterable<string> {
    return this.#keys.get(value) ?? [];
  }

  change(key: string, before: T | undefined, after: T | undefined): void {
    for (const value of before === undefined ? [] : this.#fn(before)) {
      const keys = this.#keys.get(value);
      keys?.delete(key);
      if (keys?.size === 0) this.#keys.delete(value);
    }
    for (const value of after === undefined ? [] : this.#fn(after)) {
      const keys = this.#keys.get(value) ?? new Set();
      this.#keys.set(value, keys.add(key));
    }
  }
}

/**
 * The local picture of one kind. Objects are frozen and carry no managedFields; a relist is
 * swapped in whole before anyone is told, so no reader ever sees half of one.
 */
export class Store<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();
  readonly #subscribers = new Set<Subscriber<T>>();
  readonly #synced = Promise.withResolvers<void>();
  #list: readonly T[] | undefined;
  #hasSynced = false;

  /** When the server last said anything about this kind, on the clock of the watch. */
  lastContactMs = Number.NEGATIVE_INFINITY;

  /** Whether a watch is open: then silence means that nothing changes (a bookmark comes only about once a minute). */
  watching = false;

  /** For how long nothing is known of the server, milliseconds on the clock of the watch; 0 while a watch is open. */
  staleMs(nowMs: number): number {
    return this.watching ? 0 : nowMs - this.lastContactMs;
  }

  /** Whether one full list has been taken in. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Resolves when the first full list has been taken in. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** How many objects are held. */
  get size(): number {
    return this.#objects.size;
  }

  /** The object with this key, if it exists. */
  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  /** Every object; the array is a snapshot and stays as it is. */
  list(): readonly T[] {
    this.#list ??= Object.freeze([...this.#objects.values()]);
    return this.#list;
  }

  /** The objects whose index function named `value`. */
  by(index: string, value: string): readonly T[] {
    const found = this.#indexes.get(index);
    if (found === undefined) throw new Error(`the store has no index "${index}": add it with addIndex`);
    return [...found.keys(value)].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Adds an index; objects already held are indexed at once. */
  addIndex(name: string, fn: (object: T) => readonly string[]): void {
    const index = new Index(fn);
    for (const [key, object] of this.#objects) index.change(key, undefined, object);
    this.#indexes.set(name, index);
  }

  /** Calls `fn` for every key that changes from now on, until the returned function is called. */
  subscribe(fn: Subscriber<T>): () => void {
    this.#subscribers.add(fn);
    return () => this.#subscribers.delete(fn);
  }

  /** Takes in one object, new or changed. For the watch only. */
  put(object: T): void {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before !== undefined && sameVersion(before, object)) return;
    const after = entry(object);
    this.#set(key, before, after);
    this.#tell(key, before, after);
  }

  /** Forgets one object. For the watch only. */
  remove(key: string): void {
    const before = this.#objects.get(key);
    if (before === undefined) return;
    this.#set(key, before, undefined);
    this.#tell(key, before, undefined);
  }

  /** Replaces everything by a full list, then tells what differs. For the watch only. */
  replace(objects: readonly T[]): void {
    const fresh = new Map(objects.map((object) => [keyOf(object), object]));
    const changes: [string, T | undefined, T | undefined][] = [];
    for (const [key, before] of this.#objects) if (!fresh.has(key)) changes.push([key, before, undefined]);
    for (const [key, object] of fresh) {
      const before = this.#objects.get(key);
      if (before === undefined || !sameVersion(before, object)) changes.push([key, before, entry(object)]);
    }
    for (const change of changes) this.#set(...change);
    this.#hasSynced = true;
    this.#synced.resolve();
    for (const change of changes) this.#tell(...change);
  }

  #set(key: string, before: T | undefined, after: T | undefined): void {
    this.#list = undefined;
    if (after === undefined) this.#objects.delete(key);
    else this.#objects.set(key, after);
    for (const index of this.#indexes.values()) index.change(key, before, after);
  }

  #tell(key: string, before: T | undefined, after: T | undefined): void {
    for (const subscriber of this.#subscribers) subscriber(key, before, after);
  }
}
