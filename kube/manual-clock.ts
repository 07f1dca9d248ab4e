import { setImmediate } from 'node:timers/promises';
import type { Clock } from './clock.ts';

interface Timer {
  dueMs: number;
  fire: () => void;
}

/** A clock that moves only when told to, for tests. */
export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>();
  readonly #settle: () => Promise<unknown>;
  #nowMs = 0;

  /** `settle` is awaited after every timer, for what it set off to happen. */
  constructor(settle: () => Promise<unknown> = () => setImmediate()) {
    this.#settle = settle;
  }

  now(): number {
    return this.#nowMs;
  }

  random(): number {
    return 0.5;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#timers.delete(timer);
        reject(signal?.reason as Error);
      };
      const fire = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const timer = { dueMs: this.#nowMs + ms, fire };
      this.#timers.add(timer);
      if (signal?.aborted === true) abort();
      else signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Moves on, firing every timer at its time, those set meanwhile too. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await this.#settle();
    for (;;) {
      const [next] = [...this.#timers].toSorted((a, b) => a.dueMs - b.dueMs);
      if (next === undefined || next.dueMs > untilMs) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.fire();
      await this.#settle();
    }
    this.#nowMs = untilMs;
  }
}
