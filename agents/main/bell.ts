/** Wakes one sleeper: soon after the first ring, so that a burst is answered once. */
export class Bell {
  #wake: (() => void) | undefined;
  #dueMs = Number.POSITIVE_INFINITY;

  /** Wakes the sleeper in `ms`; the earliest ring wins. */
  ring(ms: number): void {
    const dueMs = performance.now() + ms;
    if (dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    this.#wake?.();
  }

  /** Sleeps until the bell rings, `ms` at most; returns early when the signal is aborted. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.ring(ms);
    while (!signal.aborted) {
      const leftMs = this.#dueMs - performance.now();
      if (leftMs <= 0) break;
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = (): void => resolve();
      this.#wake = wake;
      const timer = setTimeout(wake, leftMs);
      signal.addEventListener('abort', wake, { once: true });
      await promise;
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
    }
    this.#wake = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }
}
