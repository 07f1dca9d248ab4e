const RETRYABLE = new Set([0, 408, 429, 500, 502, 503, 504]);

/** What is known of a failed call. */
export interface Failure {
  readonly verb: string;
  readonly path: string;
  /** HTTP status; 0 when no answer came. */
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** A call to the API server that did not succeed; `code` is 0 when no answer came. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  /** Whether the very same call may succeed later. A conflict may not: read again first. */
  readonly retryable: boolean;
  readonly retryAfterMs?: number;

  constructor({ verb, path, code, reason, message, retryAfterMs, cause }: Failure) {
    super(`${verb} ${path}: ${message} (${code} ${reason})`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.reason = reason;
    this.retryable = RETRYABLE.has(code);
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}

/** The answer was "no such object". */
export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.code === 404;

/** The object changed under us, or exists already. */
export const isConflict = (error: unknown): boolean => error instanceof ApiError && error.code === 409;

interface Status {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

function parseStatus(body: string): Status {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return { message: body.slice(0, 300) };
  }
}

function retryAfter(header: string | undefined, status: Status): number | undefined {
  if (header === undefined) {
    const seconds = status.details?.retryAfterSeconds;
    return seconds === undefined || seconds <= 0 ? undefined : seconds * 1_000;
  }
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** The error for an answer of the server, whose body should be a `Status`. */
export function fromAnswer(
  verb: string,
  path: string,
  code: number,
  body: string,
  retryAfterHeader?: string,
): ApiError {
  const status = parseStatus(body);
  return new ApiError({
    verb,
    path,
    code,
    reason: status.reason ?? 'Unknown',
    message: status.message ?? 'no message',
    retryAfterMs: retryAfter(retryAfterHeader, status),
  });
}
