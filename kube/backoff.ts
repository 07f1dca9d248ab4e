import type { Clock } from './clock.ts';

// client-go's numbers for reflectors.
const BASE_MS = 800;
const CAP_MS = 30_000;
const HEALTHY_MS = 120_000;

/** Growing waits with full jitter; two minutes without one start it over, a mere event does not. */
export class Backoff {
  readonly #clock: Clock;
  #tries = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long to wait this time. */
  nextMs(): number {
    const nowMs = this.#clock.now();
    if (nowMs - this.#lastMs > HEALTHY_MS) this.#tries = 0;
    const ceilingMs = Math.min(CAP_MS, BASE_MS * 2 ** this.#tries);
    this.#tries = Math.min(this.#tries + 1, 10);
    const waitMs = ceilingMs * this.#clock.random();
    this.#lastMs = nowMs + waitMs;
    return waitMs;
  }
}
