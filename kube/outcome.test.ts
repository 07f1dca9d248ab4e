import assert from 'node:assert/strict';
import { ApiError } from './api-error.ts';
import { Stalled, summarize, type Summary, Waiting } from './outcome.ts';

const api = (code: number, reason: string, retryAfterMs?: number): ApiError =>
  new ApiError({ verb: 'GET', path: '/x', code, reason, message: 'no', retryAfterMs });

const pick = ({ status, reason, requeue, event }: Summary): unknown => [status, reason, requeue, event?.type];

describe('summarize', () => {
  const cases: Record<string, { error: unknown; want: unknown[] }> = {
    'no error is a success': { error: undefined, want: ['True', 'Reconciled', 'never', undefined] },
    'a stalled object waits for an edit': {
      error: new Stalled('UnknownRegion', 'no region "x"'),
      want: ['False', 'UnknownRegion', 'never', 'Warning'],
    },
    'a waiting one comes back quietly': {
      error: new Waiting('CoolingDown', 70, 'soon'),
      want: ['False', 'CoolingDown', { afterMs: 70 }, undefined],
    },
    'a conflict is routine': {
      error: api(409, 'Conflict'),
      want: ['Unknown', 'Conflict', 'backoff', undefined],
    },
    'a busy server says when': {
      error: api(429, 'TooManyRequests', 3_000),
      want: ['Unknown', 'TooManyRequests', { afterMs: 3_000 }, 'Warning'],
    },
    'a server that says "at once" is not believed': {
      error: api(429, 'TooManyRequests', 0),
      want: ['Unknown', 'TooManyRequests', 'backoff', 'Warning'],
    },
    'a forbidden call may be allowed later': {
      error: api(403, 'Forbidden'),
      want: ['Unknown', 'Forbidden', 'backoff', 'Warning'],
    },
    'a reason that no condition may have is replaced': {
      error: api(500, 'not one word'),
      want: ['Unknown', 'ApiError', 'backoff', 'Warning'],
    },
    'a deadline is named': {
      error: new DOMException('late', 'TimeoutError'),
      want: ['Unknown', 'DeadlineExceeded', 'backoff', 'Warning'],
    },
    'anything else backs off': {
      error: new TypeError('x is not a function'),
      want: ['Unknown', 'ReconcileFailed', 'backoff', 'Warning'],
    },
    'a thrown string too': { error: 'oops', want: ['Unknown', 'ReconcileFailed', 'backoff', 'Warning'] },
  };
  for (const [name, { error, want }] of Object.entries(cases)) {
    it(name, () => assert.deepEqual(pick(summarize(error)), want));
  }

  it('shortens what nobody would read', () => {
    const { message } = summarize(new Error('x'.repeat(5_000)));
    assert.equal(message.length, 1024);
    assert.ok(message.endsWith('…'));
  });
});
