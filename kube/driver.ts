import { ApiError } from './api-error.ts';
import { Backoff } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Kind } from './kinds.ts';
import type { KubeObject } from './object.ts';
import { next } from './reflector.ts';
import type { Ask, Effect, Signal, State } from './reflector.ts';
import type { Store } from './store.ts';
import type { Selection, Transport } from './transport.ts';

/** What the driver of one watch needs. */
export interface DriverOptions<T extends KubeObject> {
  readonly transport: Transport;
  readonly kind: Kind;
  readonly store: Store<T>;
  readonly selection: Selection;
  readonly clock: Clock;
  readonly pageSize: number;
  readonly idleMs: number;
  readonly onRestart: (reason: string, waitMs: number) => void;
}

// The server ends each watch after 5 to 10 minutes, so that a fleet of them does not return at once.
const timeoutSeconds = (clock: Clock): number => Math.round(300 + 300 * clock.random());

/** Runs the reflector against a transport until the signal: every failure becomes a restart. */
export class Driver<T extends KubeObject> {
  readonly #options: DriverOptions<T>;
  readonly #backoff: Backoff;

  constructor(options: DriverOptions<T>) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock);
  }

  /** Keeps the store equal to the server; resolves when the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const first = next<T>({ kind: 'Empty' }, { kind: 'retry' });
    let state: State<T> = first[0];
    let ask = this.#apply(first[1]);
    while (!signal.aborted && ask !== undefined) {
      const answers = this.#perform(ask, signal);
      ask = undefined;
      for await (const answer of answers) {
        if (signal.aborted) break;
        const [after, effects] = next(state, answer);
        state = after;
        ask = this.#apply(effects);
        // Leaving the loop ends the stream in flight: one request at a time.
        if (ask !== undefined) break;
      }
    }
  }

  #apply(effects: readonly Effect<T>[]): Ask | undefined {
    const { store } = this.#options;
    for (const effect of effects) {
      switch (effect.kind) {
        case 'replace':
          store.replace(effect.objects);
          break;
        case 'put':
          store.put(effect.object);
          break;
        case 'remove':
          store.remove(effect.key);
          break;
        default:
          return effect;
      }
    }
    return undefined;
  }

  async *#perform(ask: Ask, signal: AbortSignal): AsyncGenerator<Signal<T>> {
    try {
      switch (ask.kind) {
        case 'list':
          yield await this.#list(ask.continue, signal);
          break;
        case 'wait':
          yield await this.#wait(ask.reason, signal);
          break;
        case 'watch':
          yield* this.#watch(ask.resourceVersion, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      // Not an answer of the server but a fault of ours: it must not look like a lost connection.
      if (!(error instanceof ApiError)) throw error;
      yield { kind: 'failed', code: error.code, reason: error.reason };
    }
  }

  async #list(token: string | undefined, signal: AbortSignal): Promise<Signal<T>> {
    const { transport, kind, selection, pageSize } = this.#options;
    const page = await transport.list<T>(kind, { ...selection, limit: pageSize, continue: token, signal });
    this.#touch();
    return { kind: 'page', page };
  }

  async *#watch(resourceVersion: string, signal: AbortSignal): AsyncGenerator<Signal<T>> {
    const { transport, kind, selection, idleMs, clock } = this.#options;
    const limits = { timeoutSeconds: timeoutSeconds(clock), idleMs, signal };
    const { store } = this.#options;
    store.watching = true;
    try {
      for await (const frame of transport.watch<T>(kind, { ...selection, resourceVersion, ...limits })) {
        this.#touch();
        yield { kind: 'frame', frame };
      }
    } finally {
      store.watching = false;
    }
    this.#touch();
    yield { kind: 'ended' };
  }

  async #wait(reason: string, signal: AbortSignal): Promise<Signal<T>> {
    const waitMs = this.#backoff.nextMs();
    this.#options.onRestart(reason, waitMs);
    await this.#options.clock.sleep(waitMs, signal);
    return { kind: 'retry' };
  }

  #touch(): void {
    this.#options.store.lastContactMs = this.#options.clock.now();
  }
}
