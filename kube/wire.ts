import { Agent } from 'undici';
import type { Dispatcher } from 'undici';
import { ApiError, fromAnswer } from './api-error.ts';
import { systemClock } from './clock.ts';
import type { CallOptions, TransportOptions } from './transport-options.ts';

/** One HTTP request, before authentication. */
export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  readonly body?: unknown;
  readonly contentType?: string | undefined;
}

const BODY_CAP = 64 * 1024 * 1024;
const MAX_RETRIES = 5;
const IDEMPOTENT = new Set(['GET', 'PUT', 'DELETE']);

const mayRepeat = (method: string, error: ApiError): boolean =>
  error.retryAfterMs !== undefined && (error.code === 429 || (error.code === 503 && IDEMPOTENT.has(method)));

function urlOf({ path, query = {} }: Request): string {
  const given = Object.entries(query).flatMap(([k, v]) => (v === undefined ? [] : [[k, String(v)] as const]));
  return given.length === 0 ? path : `${path}?${new URLSearchParams(Object.fromEntries(given)).toString()}`;
}

async function readAll(body: AsyncIterable<Uint8Array>, fail: (reason: string) => ApiError): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > BODY_CAP) throw fail('BodyTooLarge');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Authenticated HTTP to one server over kept connections, with deadlines and polite retries. */
export class Wire {
  readonly #options: TransportOptions;
  readonly #origin: URL;
  readonly #calls: Agent;
  // Watches hold their connection for minutes: their own agent, so that they never starve a write.
  readonly #streams: Agent;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#origin = new URL(options.server);
    const { ca, cert, key, servername, insecure, connections = 16 } = options;
    const connect = {
      timeout: 10_000,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(servername === undefined ? {} : { servername }),
      ...(insecure === true ? { rejectUnauthorized: false } : {}),
    };
    // No HTTP/2: every stream shares one connection there, and undici goes on using it after it has
    // fallen silent. With HTTP/1.1 a silent connection costs one call its deadline, and is gone.
    this.#calls = new Agent({ connections, connect, allowH2: false });
    this.#streams = new Agent({ connect, allowH2: false });
  }

  /** The parsed answer of one call; throws ApiError, or the signal's reason when it is aborted. */
  async call(request: Request, { signal, deadlineMs }: CallOptions = {}): Promise<unknown> {
    const limitMs = deadlineMs ?? this.#options.deadlineMs ?? 10_000;
    const endMs = performance.now() + limitMs;
    for (let tries = 0; ; tries++) {
      try {
        return await this.#once(request, Math.max(1, endMs - performance.now()), signal);
      } catch (error) {
        if (!(error instanceof ApiError) || !mayRepeat(request.method, error) || tries >= MAX_RETRIES)
          throw error;
        const waitMs = Math.max(50, error.retryAfterMs ?? 0);
        if (performance.now() + waitMs >= endMs) throw error;
        await systemClock.sleep(waitMs, signal);
      }
    }
  }

  /** The raw chunks of a long answer; throws when nothing arrives for `idleMs`. */
  async *stream(request: Request, idleMs: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const startMs = performance.now();
    try {
      const headersTimeout = this.#options.deadlineMs ?? 10_000;
      const limits = { headersTimeout, bodyTimeout: idleMs, ...(signal === undefined ? {} : { signal }) };
      const answer = await this.#send(this.#streams, request, limits);
      this.#options.onRequest?.('WATCH', answer.statusCode, performance.now() - startMs);
      if (answer.statusCode >= 400) throw await this.#refusal('WATCH', request, answer);
      for await (const chunk of answer.body) yield chunk as Uint8Array;
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof ApiError ? error : this.#silence('WATCH', request, startMs, error);
    }
  }

  /** Ends every connection; calls in flight fail. */
  async close(): Promise<void> {
    await Promise.all([this.#calls.destroy(), this.#streams.destroy()]);
  }

  async #once(request: Request, limitMs: number, signal: AbortSignal | undefined): Promise<unknown> {
    signal?.throwIfAborted();
    const { method, path } = request;
    const startMs = performance.now();
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    const timer = setTimeout(stop, limitMs);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const answer = await this.#send(this.#calls, request, { signal: abort.signal });
      if (answer.statusCode >= 400) {
        const refusal = await this.#refusal(method, request, answer);
        this.#options.onRequest?.(method, answer.statusCode, performance.now() - startMs);
        throw refusal;
      }
      const tooLarge = (reason: string): ApiError =>
        new ApiError({
          verb: method,
          path,
          code: answer.statusCode,
          reason,
          message: `over ${BODY_CAP} bytes`,
        });
      const body = await readAll(answer.body, tooLarge);
      this.#options.onRequest?.(method, answer.statusCode, performance.now() - startMs);
      return body === '' ? {} : JSON.parse(body);
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof ApiError ? error : this.#silence(method, request, startMs, error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }

  async #send(
    dispatcher: Agent,
    request: Request,
    limits: Partial<Dispatcher.RequestOptions>,
  ): Promise<Dispatcher.ResponseData> {
    const token = await this.#options.token?.();
    const { headers = {}, userAgent = 'kube/0.1' } = this.#options;
    const { method, body, contentType = 'application/json' } = request;
    const prefix = this.#origin.pathname.replace(/\/$/, '');
    return dispatcher.request({
      ...limits,
      origin: this.#origin.origin,
      path: prefix + urlOf(request),
      method,
      headers: {
        ...headers,
        accept: 'application/json',
        'user-agent': userAgent,
        ...(body === undefined ? {} : { 'content-type': contentType }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async #refusal(verb: string, { path }: Request, answer: Dispatcher.ResponseData): Promise<ApiError> {
    const header = answer.headers['retry-after'];
    const body = await readAll(
      answer.body,
      (reason) =>
        new ApiError({ verb, path, code: answer.statusCode, reason, message: `over ${BODY_CAP} bytes` }),
    );
    return fromAnswer(verb, path, answer.statusCode, body, Array.isArray(header) ? header[0] : header);
  }

  #silence(verb: string, { path }: Request, startMs: number, cause: unknown): ApiError {
    const ms = Math.round(performance.now() - startMs);
    this.#options.onRequest?.(verb, 0, ms);
    const timedOut = cause instanceof Error && /abort|timeout/i.test(cause.name);
    const message = cause instanceof Error ? cause.message : String(cause);
    const reason = timedOut ? 'Timeout' : 'ConnectionFailed';
    return new ApiError({ verb, path, code: 0, reason, message: `${message} after ${ms} ms`, cause });
  }
}
