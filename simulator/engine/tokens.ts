import { FreeList, grown } from './slots.ts';

/** What becomes of a token when its time comes. */
export const FATE = { fine: 0, lost: 1, expired: 2 } as const;

/** Calls under way: each is on a transfer or at a replica, and has one event at most. In columns, reused. */
export class Tokens {
  /** Tokens in use. */
  get live(): number {
    return this.#free.used;
  }
  request = new Int32Array(0);
  /** Service (over all applications) and replica that it goes to or is at. */
  service = new Int32Array(0);
  replica = new Int32Array(0);
  /** 1 when it came by an edge that counts in the synchronisation of a join. */
  sync = new Uint8Array(0);
  /** Exact time of its event; the event itself is at the nearest microsecond. */
  time = new Float64Array(0);
  /** Key of its event: an event with another key is about something that is no more. */
  key = new Float64Array(0);
  fate = new Uint8Array(0);
  /** 1 for a call beyond the first of an edge: load that nobody waits for. */
  extra = new Uint8Array(0);
  /** When a replica begins with it, and for how long it has to work at its present speed. */
  begin = new Float64Array(0);
  work = new Float64Array(0);
  /** Parts of its time so far. */
  access = new Float64Array(0);
  queue = new Float64Array(0);
  serve = new Float64Array(0);
  /** The next one in the queue of its replica; -1 for the last. */
  next = new Int32Array(0);
  #capacity = 0;
  readonly #free = new FreeList(0);

  constructor() {
    this.#grow(1024);
  }

  take(): number {
    if (this.#free.empty) this.#grow(2 * this.#capacity);
    return this.#free.take();
  }

  give(token: number): void {
    this.key[token] = -1;
    this.#free.give(token);
  }

  #grow(capacity: number): void {
    this.request = grown(this.request, capacity);
    this.service = grown(this.service, capacity);
    this.replica = grown(this.replica, capacity);
    this.sync = grown(this.sync, capacity);
    this.time = grown(this.time, capacity);
    this.key = grown(this.key, capacity);
    this.fate = grown(this.fate, capacity);
    this.extra = grown(this.extra, capacity);
    this.begin = grown(this.begin, capacity);
    this.work = grown(this.work, capacity);
    this.access = grown(this.access, capacity);
    this.queue = grown(this.queue, capacity);
    this.serve = grown(this.serve, capacity);
    this.next = grown(this.next, capacity);
    this.#free.add(this.#capacity, capacity);
    this.#capacity = capacity;
  }
}
