import { request } from 'undici';
import { z } from 'zod';
import type { Clock } from '#kube/clock.ts';
import { boundedText } from '../../bounded-text.ts';
import { authorisation } from '../../planner-token.ts';
import type { TraceBody } from './trace.ts';

/** What became of a trace. */
export type Told =
  | { readonly result: 'Stored'; readonly id: string }
  | { readonly result: 'Quarantined'; readonly id: string; readonly reason: string }
  /** The planner took it and kept nothing; or it will not take it, whoever asks again. */
  | { readonly result: 'NotStored' | 'Refused'; readonly reason: string }
  /** The planner is away, or too many wait already. */
  | { readonly result: 'Dropped'; readonly reason: string };

/** How traces travel. */
export interface ReporterOptions {
  /** Where the planner answers, without a path. */
  readonly plannerUrl: string;
  /** File with the bearer token, read anew each time; none is sent when there is no such file. */
  readonly tokenFile?: string | undefined;
  readonly clock: Clock;
}

/** Traces that wait at most: each holds a world. */
const MOST_WAITING = 16;
const TRIES = 5;
const DEADLINE_MS = 10_000;
const MOST_BYTES = 64 * 1024;

const answer = z.looseObject({
  stored: z.boolean().default(false),
  quarantined: z.boolean().default(false),
  id: z.string().max(128).default(''),
  reason: z.string().max(4096).default(''),
});

interface Waiting {
  readonly body: TraceBody;
  readonly done: (told: Told) => void;
}

/** Tells the planner's memory what plans came to, one at a time. It never holds anybody up: what cannot be told is dropped. */
export class TraceReporter {
  readonly #options: ReporterOptions;
  readonly #queue: Waiting[] = [];
  #wake: () => void = () => undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Tells it as soon as those before are told; the oldest one that waits is dropped when there are too many. */
  offer(body: TraceBody): Promise<Told> {
    const { promise, resolve } = Promise.withResolvers<Told>();
    this.#queue.push({ body, done: resolve });
    if (this.#queue.length > MOST_WAITING)
      this.#queue.shift()?.done({ result: 'Dropped', reason: `${MOST_WAITING} others wait already` });
    this.#wake();
    return promise;
  }

  /** Sends until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const next = this.#queue.shift();
      if (next === undefined) {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        if (this.#queue.length === 0) await promise;
        continue;
      }
      next.done(await this.#tell(next.body, signal));
    }
    for (const { done } of this.#queue.splice(0)) done({ result: 'Dropped', reason: 'the operator stops' });
  }

  async #tell(body: TraceBody, signal: AbortSignal): Promise<Told> {
    const { clock } = this.#options;
    let last = '';
    for (let attempt = 0; attempt < TRIES && !signal.aborted; attempt++) {
      if (attempt > 0)
        await clock.sleep(1_000 * 2 ** attempt * (0.5 + clock.random()), signal).catch(() => undefined);
      try {
        const told = await this.#send(body, signal);
        if (told.result !== 'Dropped') return told;
        last = told.reason;
      } catch (error) {
        last = error instanceof Error ? error.message : String(error);
      }
    }
    return { result: 'Dropped', reason: last.slice(0, 400) };
  }

  async #send(body: TraceBody, signal: AbortSignal): Promise<Told> {
    const { plannerUrl, tokenFile } = this.#options;
    const headers = { 'content-type': 'application/json', ...(await authorisation(tokenFile)) };
    const got = await request(`${plannerUrl}/v1/traces`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
    });
    const text = await boundedText(
      got.body,
      MOST_BYTES,
      () => new Error(`the answer is over ${MOST_BYTES} bytes`),
    );
    const said = text.slice(0, 400);
    if (got.statusCode >= 500 || got.statusCode === 429)
      return { result: 'Dropped', reason: `the planner answers ${got.statusCode}: ${said}` };
    if (got.statusCode !== 202)
      return { result: 'Refused', reason: `the planner answers ${got.statusCode}: ${said}` };
    const read = answer.safeParse(jsonOf(text));
    if (!read.success) return { result: 'Refused', reason: `its answer says nothing of the trace: ${said}` };
    const { stored, quarantined, id, reason } = read.data;
    if (quarantined) return { result: 'Quarantined', id, reason };
    return stored ? { result: 'Stored', id } : { result: 'NotStored', reason };
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
