import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { Driver } from './driver.ts';
import type { Kind } from './kinds.ts';
import type { KubeObject } from './object.ts';
import { Store } from './store.ts';
import type { Selection, Transport } from './transport.ts';

/** One kind kept in a store. */
export interface Watched<T extends KubeObject> {
  readonly store: Store<T>;
  /** Keeps the store equal to the server until the signal is aborted; then resolves. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when the first full list is in; rejects when that takes longer than `timeoutMs`. */
  ready(timeoutMs?: number): Promise<void>;
}

/** How to watch; the defaults are right outside tests. */
export interface WatchOptions extends Selection {
  readonly clock?: Clock | undefined;
  readonly log?: { debug(fields: object, message: string): void } | undefined;
  /** Told why the list or the watch starts again: Ended, Expired, BadFrame, Timeout and the like. */
  readonly onRestart?: ((reason: string) => void) | undefined;
  readonly pageSize?: number | undefined;
  readonly idleMs?: number | undefined;
}

/** Lists and watches one kind; nothing happens until `run`. */
export function watchKind<T extends KubeObject>(
  transport: Transport,
  kind: Kind,
  options: WatchOptions = {},
): Watched<T> {
  const { clock = systemClock, log, onRestart, pageSize = 500, idleMs = 150_000, ...selection } = options;
  const store = new Store<T>();
  const restarted = (reason: string, waitMs: number): void => {
    log?.debug({ kind: kind.kind, reason, waitMs: Math.round(waitMs) }, 'watch restarts');
    onRestart?.(reason);
  };
  const driver = new Driver({
    transport,
    kind,
    store,
    selection,
    clock,
    pageSize,
    idleMs,
    onRestart: restarted,
  });
  return { store, run: (signal) => driver.run(signal), ready: (timeoutMs) => ready(store, kind, timeoutMs) };
}

async function ready(
  store: { readonly synced: Promise<void> },
  kind: Kind,
  timeoutMs = 60_000,
): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const message = `${kind.kind}: no full list within ${timeoutMs} ms`;
  const timer = setTimeout(() => reject(new Error(message)), timeoutMs);
  try {
    await Promise.race([store.synced, promise]);
  } finally {
    clearTimeout(timer);
  }
}
