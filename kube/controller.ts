import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from './clock.ts';
import { LeaseLost } from './lease-lost.ts';
import type { Log } from './log.ts';
import { summarize, type Summary, Waiting } from './outcome.ts';
import { WorkQueue } from './workqueue.ts';

/** What a reconcile gets beside its key. */
export interface ReconcileContext {
  /** Aborted at the deadline, and when the controller has to stop at once. */
  signal: AbortSignal;
  /** Carries the controller, the key and the reconcile id. */
  log: Log;
  id: string;
}

/** What a controller reports about itself; see `controllerMetrics`. */
export interface ControllerMetrics {
  reconciled(result: 'success' | 'stalled' | 'waiting' | 'error', seconds: number): void;
}

/** Settings of a `Controller`. */
export interface ControllerOptions {
  name: string;
  reconcile: (key: string, context: ReconcileContext) => Promise<void>;
  workers?: number;
  deadlineMs?: number;
  /** How long running reconciles may go on after a stop; less than a lease has left after its renew deadline. */
  drainMs?: number;
  /** With `keys`: every key comes back at least this often, spread by jitter. */
  resyncMs?: number;
  keys?: () => string[];
  queue?: WorkQueue;
  log: Log;
  clock?: Clock;
  metrics?: ControllerMetrics;
}

const DEADLINE_MS = 30_000;
// How long after its deadline a reconcile may take to notice.
const DEAF_MS = 5_000;

/**
 * Workers that reconcile the keys of one queue. Whatever a reconcile throws
 * ends in the log and in the queue, never in the process.
 */
export class Controller {
  readonly queue: WorkQueue;
  readonly #options: ControllerOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Aborts running reconciles; a stop lets them finish first, a lost lease does not. */
  readonly #halt = new AbortController();

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log.child({ controller: options.name });
    this.queue = options.queue ?? new WorkQueue({ clock: this.#clock });
  }

  /** Runs once, until the signal aborts and the running reconciles have ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { workers = 2, drainMs = 4_000 } = this.#options;
    const resync = this.#resync(signal);
    const working = Promise.all(Array.from({ length: workers }, () => this.#work(signal)));
    await aborted(signal);
    this.queue.shutDown();
    await resync;
    if (!(signal.reason instanceof LeaseLost)) await this.#within(drainMs, working);
    this.#halt.abort(signal.reason);
    await this.#within(drainMs, working);
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { deadlineMs = DEADLINE_MS } = this.#options;
    for (;;) {
      const key = await this.queue.get(signal);
      if (key === undefined) return;
      const running = this.#reconcileOnce(key).finally(() => this.queue.done(key));
      // One that is deaf to its signal keeps its key until it ends, but not the worker.
      await this.#within(deadlineMs + DEAF_MS, running);
    }
  }

  async #reconcileOnce(key: string): Promise<void> {
    const { reconcile, deadlineMs = DEADLINE_MS } = this.#options;
    const id = randomUUID();
    const log = this.#log.child({ key, reconcile: id });
    const deadline = new AbortController();
    const finished = new AbortController();
    const expire = (): void => {
      if (finished.signal.aborted) return;
      log.warn({ deadlineMs }, 'reconcile ran past its deadline');
      deadline.abort(new DOMException(`no end after ${deadlineMs} ms`, 'TimeoutError'));
    };
    this.#clock.sleep(deadlineMs, finished.signal).then(expire, expire);
    const startedMs = this.#clock.now();
    const context = { signal: AbortSignal.any([deadline.signal, this.#halt.signal]), log, id };
    let error: unknown;
    try {
      await reconcile(key, context);
    } catch (thrown) {
      // `throw undefined` is still a failure.
      error = thrown ?? new Error('threw nothing');
    } finally {
      finished.abort();
    }
    this.#settle(key, error, this.#clock.now() - startedMs, log);
  }

  #settle(key: string, error: unknown, tookMs: number, log: Log): void {
    const { reason, requeue } = summarize(error);
    if (requeue === 'backoff') {
      this.queue.addRateLimited(key);
    } else {
      this.queue.forget(key);
      if (requeue !== 'never') this.queue.addAfter(key, requeue.afterMs);
    }
    const result = resultOf(error, requeue);
    this.#options.metrics?.reconciled(result, tookMs / 1000);
    const fields = { result, reason, tookMs, ...(result === 'error' ? { err: error } : {}) };
    if (result === 'error') log.warn(fields, 'reconcile failed');
    else log.debug(fields, 'reconciled');
  }

  /** Each round spreads its keys over the period, so that no round is a burst. */
  async #resync(signal: AbortSignal): Promise<void> {
    const { resyncMs, keys } = this.#options;
    if (resyncMs === undefined || keys === undefined) return;
    while (!signal.aborted) {
      await this.#clock.sleep(resyncMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        for (const key of keys()) {
          this.queue.addAfter(key, this.#clock.random() * resyncMs * 0.1);
        }
      } catch (err) {
        this.#log.error({ err }, 'cannot list the keys to resync');
      }
    }
  }

  async #within(ms: number, work: Promise<unknown>): Promise<void> {
    const over = new AbortController();
    const sleeping = this.#clock.sleep(ms, over.signal).catch(() => undefined);
    await Promise.race([work, sleeping]);
    over.abort();
  }
}

function resultOf(error: unknown, requeue: Summary['requeue']): 'success' | 'stalled' | 'waiting' | 'error' {
  if (error === undefined) return 'success';
  if (requeue === 'never') return 'stalled';
  return error instanceof Waiting ? 'waiting' : 'error';
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
