/** The time and chance a component may use, so that tests can hold both. */
export interface Clock {
  /** Milliseconds that never step back; only differences mean anything. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}

/** The machine's clock and chance. */
export const systemClock: Clock = { now: () => performance.now(), sleep, random: Math.random };

/** A clock on which everything happens `speed` times sooner, for tests against real sockets. */
export const hurried = (speed: number): Clock => ({
  now: () => performance.now() * speed,
  sleep: (ms, signal) => sleep(ms / speed, signal),
  random: Math.random,
});
