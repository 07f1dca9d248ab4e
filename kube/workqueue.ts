import { type Clock, systemClock } from './clock.ts';

/** What a queue reports about itself; see `queueMetrics` for the Prometheus one. */
export interface QueueMetrics {
  depth(keys: number): void;
  added(): void;
  retried(): void;
  /** Time a key spent waiting for a worker. */
  queued(seconds: number): void;
  /** Time a worker spent on a key. */
  worked(seconds: number): void;
}

/** Settings of a `WorkQueue`. */
export interface WorkQueueOptions {
  clock?: Clock;
  baseDelayMs?: number;
  maxDelayMs?: number;
  metrics?: QueueMetrics;
}

interface Delayed {
  dueMs: number;
  cancel: AbortController;
}

// Node fires a timer beyond 2^31 ms at once. Coming back after a day is always safe.
const LONGEST_TIMER_MS = 24 * 60 * 60 * 1000;

/**
 * Deduplicating queue of keys. A key added while it is being processed runs
 * once more afterwards, and never twice at the same time.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #baseDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #metrics: QueueMetrics | undefined;
  /** In order, waiting for a worker. Invariant: queue = dirty without processing. */
  readonly #queue: string[] = [];
  /** Needs a run, with the time it was first asked for. */
  readonly #dirty = new Map<string, number>();
  /** A worker has it, with the time it started. */
  readonly #processing = new Map<string, number>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #retries = new Map<string, number>();
  readonly #waiters = new Set<(key: string | undefined) => void>();
  #stopped = false;

  constructor(options: WorkQueueOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#baseDelayMs = options.baseDelayMs ?? 5;
    this.#maxDelayMs = options.maxDelayMs ?? 60_000;
    this.#metrics = options.metrics;
  }

  /** Keys waiting for a worker; keys being processed or delayed do not count. */
  get depth(): number {
    return this.#queue.length;
  }

  /** Asks for one run of the key, now or right after the run in progress. */
  add(key: string): void {
    if (this.#stopped || this.#dirty.has(key)) return;
    this.#dirty.set(key, this.#clock.now());
    this.#metrics?.added();
    if (!this.#processing.has(key)) this.#offer(key);
  }

  /** Adds the key after a while; of several pending delays for a key the earliest wins. */
  addAfter(key: string, ms: number): void {
    if (this.#stopped) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const delayMs = Math.min(Number.isFinite(ms) ? ms : this.#maxDelayMs, LONGEST_TIMER_MS);
    const dueMs = this.#clock.now() + delayMs;
    const pending = this.#delayed.get(key);
    if (pending !== undefined && pending.dueMs <= dueMs) return;
    pending?.cancel.abort();
    const entry = { dueMs, cancel: new AbortController() };
    this.#delayed.set(key, entry);
    const fire = (): void => {
      if (this.#delayed.get(key) !== entry) return;
      this.#delayed.delete(key);
      this.add(key);
    };
    // A sleep that ends by being cancelled finds that its entry is gone.
    this.#clock.sleep(delayMs, entry.cancel.signal).then(fire, fire);
  }

  /** Adds the key after its own exponential backoff, which `forget` resets. */
  addRateLimited(key: string): void {
    if (this.#stopped) return;
    const tries = this.retries(key);
    this.#retries.set(key, tries + 1);
    this.#metrics?.retried();
    this.addAfter(key, Math.min(this.#baseDelayMs * 2 ** tries, this.#maxDelayMs));
  }

  /** Ends the key's backoff: the next failure starts from the shortest delay. */
  forget(key: string): void {
    this.#retries.delete(key);
  }

  /** How often the key was added rate-limited since it was last forgotten. */
  retries(key: string): number {
    return this.#retries.get(key) ?? 0;
  }

  /** The next key, waiting for one; undefined once shut down or aborted. Call `done` after it. */
  get(signal?: AbortSignal): Promise<string | undefined> {
    if (this.#stopped || signal?.aborted === true) return Promise.resolve(undefined);
    const key = this.#queue.shift();
    if (key !== undefined) {
      this.#take(key);
      return Promise.resolve(key);
    }
    return new Promise((resolve) => {
      const settle = (next: string | undefined): void => {
        this.#waiters.delete(settle);
        signal?.removeEventListener('abort', abort);
        resolve(next);
      };
      const abort = (): void => settle(undefined);
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiters.add(settle);
    });
  }

  /** Ends the processing of a key that `get` returned. */
  done(key: string): void {
    const startedMs = this.#processing.get(key);
    if (startedMs === undefined) return;
    this.#processing.delete(key);
    this.#metrics?.worked((this.#clock.now() - startedMs) / 1000);
    if (this.#dirty.has(key) && !this.#stopped) this.#offer(key);
  }

  /** Drops everything that waits; `get` answers undefined from now on. */
  shutDown(): void {
    this.#stopped = true;
    const delayed = [...this.#delayed.values()];
    this.#delayed.clear();
    for (const { cancel } of delayed) cancel.abort();
    this.#queue.length = 0;
    this.#dirty.clear();
    this.#metrics?.depth(0);
    for (const settle of this.#waiters) settle(undefined);
  }

  #offer(key: string): void {
    const [waiter] = this.#waiters;
    if (waiter === undefined) {
      this.#queue.push(key);
      this.#metrics?.depth(this.#queue.length);
      return;
    }
    this.#take(key);
    waiter(key);
  }

  #take(key: string): void {
    const nowMs = this.#clock.now();
    this.#metrics?.queued((nowMs - (this.#dirty.get(key) ?? nowMs)) / 1000);
    this.#metrics?.depth(this.#queue.length);
    this.#dirty.delete(key);
    this.#processing.set(key, nowMs);
  }
}
