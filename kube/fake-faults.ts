import { FakeRefusal } from './fake-refusal.ts';
import type { FakeStorage } from './fake-storage.ts';
import { pathOf } from './kinds.ts';
import type { Kind } from './kinds.ts';
import { keyOf } from './object.ts';

/** An open watch, as far as faults have to do with it. */
interface Open {
  reset(): void;
  mute(): void;
  end(): void;
  fail(refusal: FakeRefusal): void;
  garble(): void;
}

/** Test support: everything that can go wrong between a client and the fake server. */
export class FakeFaults {
  readonly #watches: ReadonlySet<Open>;
  readonly #storage: FakeStorage;
  #refusals: FakeRefusal[] = [];
  #retryAfterSeconds: number | undefined;
  #delayMs = 0;
  #silent = false;

  readonly #withdrawn = new Set<string>();

  /** Every event is sent twice. */
  duplicate = false;
  /** Events of one turn of the event loop are sent in reverse. */
  reorder = false;

  constructor(watches: ReadonlySet<Open>, storage: FakeStorage) {
    this.#watches = watches;
    this.#storage = storage;
  }

  /** Cuts every open watch at the socket. */
  reset(): void {
    for (const watch of this.#watches) watch.reset();
  }

  /** Open watches never say a word again, as on a half-open connection; new ones are mute until `silence(false)`. */
  silence(on = true): void {
    this.#silent = on;
    if (on) for (const watch of this.#watches) watch.mute();
  }

  /** The next `requests` requests are answered 503, with Retry-After when it is given. */
  unavailable(requests: number, retryAfterSeconds?: number): void {
    this.refuse(requests, 503, 'ServiceUnavailable', retryAfterSeconds);
  }

  /** The next `requests` requests are answered 429. */
  tooMany(requests: number, retryAfterSeconds = 1): void {
    this.refuse(requests, 429, 'TooManyRequests', retryAfterSeconds);
  }

  /** The next `requests` requests are refused with this code. */
  refuse(requests: number, code: number, reason: string, retryAfterSeconds?: number): void {
    this.#retryAfterSeconds = retryAfterSeconds;
    const refusal = new FakeRefusal(code, reason, 'a fault of the fake server');
    for (let i = 0; i < requests; i++) this.#refusals.push(refusal);
  }

  /** Every answer takes this much longer; 0 for none. */
  slow(ms: number): void {
    this.#delayMs = ms;
  }

  /** Ends every open watch as a server does at its timeout. */
  closeWatches(): void {
    for (const watch of this.#watches) watch.end();
  }

  /** Forgets history: open watches and old versions and pages get 410. */
  expire(): void {
    this.#storage.forget();
    const refusal = new FakeRefusal(410, 'Expired', 'too old resource version');
    for (const watch of this.#watches) watch.fail(refusal);
  }

  /** Sends a line on every open watch that is not JSON. */
  garble(): void {
    for (const watch of this.#watches) watch.garble();
  }

  /** The kind is no longer served, as when its definition is deleted: its objects go, and every request is answered 404. */
  withdraw(kind: Kind): void {
    const collection = pathOf(kind);
    for (const object of this.#storage.objects(collection)) this.#storage.delete(collection, keyOf(object));
    this.#withdrawn.add(collection);
    this.closeWatches();
  }

  /** The kind is served again, without objects. */
  restore(kind: Kind): void {
    this.#withdrawn.delete(pathOf(kind));
  }

  /** Whether a collection is not served. For the server only. */
  isWithdrawn(collection: string): boolean {
    return this.#withdrawn.has(collection);
  }

  /** Stops every fault that lasts. What was cut or muted stays so. */
  clear(): void {
    this.#refusals = [];
    this.#delayMs = 0;
    this.#silent = false;
    this.duplicate = false;
    this.reorder = false;
  }

  /** Whether new watches are mute. For the server only. */
  get silent(): boolean {
    return this.#silent;
  }

  /** How long to wait before an answer. For the server only. */
  get delayMs(): number {
    return this.#delayMs;
  }

  /** The refusal this request is due, if any. For the server only. */
  take(): { readonly refusal: FakeRefusal; readonly retryAfterSeconds?: number } | undefined {
    const refusal = this.#refusals.shift();
    if (refusal === undefined) return undefined;
    const seconds = this.#retryAfterSeconds;
    return seconds === undefined ? { refusal } : { refusal, retryAfterSeconds: seconds };
  }
}
