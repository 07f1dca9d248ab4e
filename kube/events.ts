import { createHash, randomBytes } from 'node:crypto';
import { type Clock, systemClock } from './clock.ts';
import { EVENT } from './kinds.ts';
import { type Log, silentLog } from './log.ts';
import { microTime } from './micro-time.ts';
import type { KubeObject } from './object.ts';
import type { Transport } from './transport.ts';

/** Settings of an `EventRecorder`. */
export interface EventRecorderOptions {
  transport: Transport;
  /** Who reports, such as `edgeloom.dev/operator`. */
  component: string;
  /** Which replica reports: the pod name. */
  instance: string;
  clock?: Clock;
  windowMs?: number;
  perMinute?: number;
  log?: Log;
}

/** What happened to an object, and what we were doing: `action`. */
export interface Happening {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  action: string;
}

// Limits of events.k8s.io/v1; the API server rejects an event beyond them.
const LONGEST_NOTE = 1024;
const LONGEST_WORD = 128;
// Enough for every object of a large cluster; more would only be a leak.
const MOST_REMEMBERED = 4096;

/** Writes events in the background. Repeats inside the window, and bursts, are dropped. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #perMinute: number;
  readonly #log: Log;
  /** When each event was last written; oldest first. */
  readonly #written = new Map<string, number>();
  readonly #pending = new Set<Promise<void>>();
  #tokens: number;
  #refilledMs: number;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#windowMs = options.windowMs ?? 120_000;
    this.#perMinute = options.perMinute ?? 60;
    this.#log = options.log ?? silentLog;
    this.#tokens = this.#perMinute;
    this.#refilledMs = this.#clock.now();
  }

  /** Returns at once and never throws: an event is never worth a reconcile. */
  record(regarding: KubeObject, happening: Happening): void {
    const nowMs = this.#clock.now();
    if (this.#isRepeat(regarding, happening, nowMs) || !this.#takeToken(nowMs)) return;
    const writing = this.#write(regarding, happening).catch((err: unknown) => {
      this.#log.debug({ err, reason: happening.reason }, 'event not written');
    });
    this.#pending.add(writing);
    void writing.then(() => this.#pending.delete(writing));
  }

  /** Resolves when everything recorded so far was written or given up. */
  async flush(): Promise<void> {
    await Promise.all(this.#pending);
  }

  #isRepeat({ metadata }: KubeObject, { reason, message }: Happening, nowMs: number): boolean {
    for (const [key, atMs] of this.#written) {
      if (nowMs - atMs < this.#windowMs && this.#written.size < MOST_REMEMBERED) break;
      this.#written.delete(key);
    }
    const who = metadata.uid ?? `${metadata.namespace ?? ''}/${metadata.name}`;
    const key = createHash('sha256').update(`${who}\n${reason}\n${message}`).digest('base64');
    if (this.#written.has(key)) return true;
    this.#written.set(key, nowMs);
    return false;
  }

  #takeToken(nowMs: number): boolean {
    const earned = ((nowMs - this.#refilledMs) / 60_000) * this.#perMinute;
    this.#tokens = Math.min(this.#perMinute, this.#tokens + earned);
    this.#refilledMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  async #write(regarding: KubeObject, happening: Happening): Promise<void> {
    const { transport, component, instance } = this.#options;
    const { apiVersion, kind, metadata } = regarding;
    const { name, namespace, uid, resourceVersion } = metadata;
    const event = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: eventName(name), namespace: namespace ?? 'default' },
      eventTime: microTime(),
      reportingController: component,
      reportingInstance: instance.slice(0, LONGEST_WORD),
      type: happening.type,
      reason: happening.reason.slice(0, LONGEST_WORD),
      action: happening.action.slice(0, LONGEST_WORD),
      note: clip(happening.message),
      regarding: { apiVersion, kind, name, namespace, uid, resourceVersion },
    };
    await transport.create(EVENT, event);
  }
}

function eventName(name: string): string {
  const safe = name.replaceAll(/[^a-z0-9.-]/g, '-').slice(0, 200);
  return `${safe.replace(/[.-]+$/, '')}.${randomBytes(8).toString('hex')}`;
}

/** The limit counts bytes, so cut bytes, and drop the character the cut went through. */
function clip(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= LONGEST_NOTE) return message;
  const kept = bytes.subarray(0, LONGEST_NOTE - 3).toString();
  return `${kept.replace(/\uFFFD$/, '')}…`;
}
