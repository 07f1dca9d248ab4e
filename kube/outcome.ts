import { ApiError } from './api-error.ts';

/** Cannot succeed until a person edits the object: say so and do not retry. */
export class Stalled extends Error {
  override readonly name = 'Stalled';
  readonly reason: string;
  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Nothing is wrong, it is too early: come back after a known time. */
export class Waiting extends Error {
  override readonly name = 'Waiting';
  readonly reason: string;
  readonly afterMs: number;
  constructor(reason: string, afterMs: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
    this.afterMs = afterMs;
  }
}

/** When a key comes back by itself. */
export type Requeue = 'never' | 'backoff' | { afterMs: number };

/** What one reconcile means for the condition, the queue and the event. */
export interface Summary {
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  requeue: Requeue;
  event?: { type: 'Normal' | 'Warning'; reason: string; message: string };
}

const LONGEST_MESSAGE = 1024;

/**
 * The one place that turns how a reconcile ended (undefined: well) into what
 * happens next. `Stalled` waits for an edit, `Waiting` for a time, and
 * anything else backs off.
 */
export function summarize(error: unknown): Summary {
  if (error === undefined) {
    return { status: 'True', reason: 'Reconciled', message: '', requeue: 'never' };
  }
  const message = messageOf(error);
  if (error instanceof Stalled) return warn('False', error.reason, message, 'never');
  if (error instanceof Waiting) {
    const { reason, afterMs } = error;
    return { status: 'False', reason, message, requeue: { afterMs } };
  }
  if (error instanceof ApiError) return ofApiError(error, message);
  if (isAbort(error)) return warn('Unknown', 'DeadlineExceeded', message, 'backoff');
  return warn('Unknown', 'ReconcileFailed', message, 'backoff');
}

function ofApiError(error: ApiError, message: string): Summary {
  const reason = conditionReason(error.reason);
  // Somebody wrote first: routine, and worth nobody's attention.
  if (error.code === 409) return { status: 'Unknown', reason, message, requeue: 'backoff' };
  const { retryAfterMs = 0 } = error;
  const requeue = retryAfterMs > 0 ? { afterMs: retryAfterMs } : 'backoff';
  return warn('Unknown', reason, message, requeue);
}

function warn(status: Summary['status'], reason: string, message: string, requeue: Requeue): Summary {
  return { status, reason, message, requeue, event: { type: 'Warning', reason, message } };
}

/** The API server refuses a condition whose reason is empty or not one word. */
function conditionReason(reason: string | undefined): string {
  return reason !== undefined && /^[A-Za-z][A-Za-z0-9]*$/.test(reason) ? reason : 'ApiError';
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.length <= LONGEST_MESSAGE ? text : `${text.slice(0, LONGEST_MESSAGE - 1)}…`;
}
