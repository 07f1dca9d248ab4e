import { systemClock } from '#kube/clock.ts';
import type { EventRecorder } from '#kube/events.ts';
import type { Log } from '#kube/log.ts';
import { durationMicros } from '#crds/quantity.ts';
import type { Pin, Wait } from '../decision.ts';
import { pinnedPod } from '../patch.ts';
import type { Policy } from '../policy.ts';
import { Attempts } from './attempts.ts';
import { Bell } from './bell.ts';
import type { CachedPod } from './assumed.ts';
import type { Caches, Change } from './caches.ts';
import type { AgentMetrics } from './metrics.ts';
import { StuckPins } from './stuck.ts';
import type { Writes } from './writes.ts';

/** What the agents of one process share. */
export interface Shared {
  readonly caches: Caches;
  readonly writes: Writes;
  readonly policy: Policy;
  readonly events: EventRecorder;
  readonly metrics: AgentMetrics;
  readonly log: Log;
  /** Overrides the period of the regions. */
  readonly periodMs?: number | undefined;
}

// A rollout makes its pods over some milliseconds: decide them together.
const COALESCE_MS = 5;
// Most changes concern nobody who waits: look at them together.
const WORLD_MS = 200;
/** No decision is written on a picture older than this (architecture section 2). */
export const STALE_MS = 30_000;

/** Decides for one region, for as long as the region's lease is ours. */
export class RegionAgent {
  readonly #region: string;
  readonly #shared: Shared;
  readonly #bell = new Bell();
  readonly #stuck = new StuckPins();
  readonly #attempts = new Attempts();
  readonly #writing = new Set<Promise<void>>();

  constructor(region: string, shared: Shared) {
    this.#region = region;
    this.#shared = shared;
  }

  /** Runs until the signal is aborted; then waits for what has been sent. */
  async run(signal: AbortSignal): Promise<void> {
    const { caches, metrics, policy, log } = this.#shared;
    metrics.trust(this.#region, policy.trust);
    const hangUp = caches.subscribe((change) => this.#heard(change));
    this.#bell.ring(0);
    while (!signal.aborted) {
      await this.#bell.sleep(this.#periodMs() * (0.9 + 0.2 * systemClock.random()), signal);
      if (signal.aborted) break;
      try {
        this.#round(signal);
      } catch (err) {
        log.error({ err, region: this.#region }, 'round failed');
        await systemClock.sleep(this.#periodMs(), signal).catch(() => undefined);
      }
    }
    hangUp();
    await Promise.all(this.#writing);
    metrics.forget(this.#region);
  }

  #periodMs(): number {
    if (this.#shared.periodMs !== undefined) return this.#shared.periodMs;
    const period = this.#shared.caches.region(this.#region)?.spec.agent.period;
    return period === undefined ? 1_000 : Math.max(100, durationMicros(period) / 1000);
  }

  #heard(change: Change): void {
    if (change.kind === 'gated' && change.region === this.#region) this.#bell.ring(COALESCE_MS);
    else this.#bell.ring(WORLD_MS);
  }

  /** One look at the world: everything that is decided here is decided in memory, then sent. */
  #round(signal: AbortSignal): void {
    const { caches, log } = this.#shared;
    const region = this.#region;
    const nowMs = systemClock.now();
    const silentMs = caches.silentMs();
    if (silentMs > STALE_MS) {
      log.warn({ region, silentMs: Math.round(silentMs) }, 'no decision on a stale picture');
      return;
    }
    for (const pod of this.#stuck.due(caches.pinned(region), nowMs) as CachedPod[]) {
      this.#later(this.#takeBack(pod, signal));
    }
    const gated = caches.gated(region);
    this.#attempts.keep(gated);
    if (gated.every((pod) => this.#attempts.tooEarly(pod, nowMs))) return;
    this.#decide(nowMs, signal);
  }

  #decide(nowMs: number, signal: AbortSignal): void {
    const { caches, policy, metrics, log } = this.#shared;
    const region = this.#region;
    const startMs = performance.now();
    const avoid = this.#stuck.avoided(nowMs);
    const decisions = policy.decide({ region, ...caches.world(Date.now()), avoid });
    const tookMs = performance.now() - startMs;
    metrics.decided(region, tookMs / 1000);
    let pins = 0;
    for (const decision of decisions) {
      if (decision.kind === 'wait') this.#waits(decision);
      else if (!this.#attempts.tooEarly(decision.pod, nowMs)) {
        pins++;
        caches.assumed.add(pinnedPod(decision.pod, decision.ranked));
        this.#later(this.#pin(decision, signal));
      }
    }
    if (pins > 0) {
      log.info({ region, pins, waits: decisions.length - pins, tookMs: Math.round(tookMs) }, 'decided');
    }
  }

  async #pin(pin: Pin, signal: AbortSignal): Promise<void> {
    const { caches, writes, metrics, events, log } = this.#shared;
    const { pod } = pin;
    const outcome = await writes.pin(pin, signal);
    if (outcome.kind === 'done') {
      const createdMs = Date.parse(pod.metadata.creationTimestamp ?? '');
      if (!Number.isNaN(createdMs)) {
        metrics.opened(this.#region, Math.max(0, Date.now() - createdMs) / 1000);
      }
      metrics.wrote(this.#region, 'pinned');
      return;
    }
    caches.assumed.forget(pod);
    if (signal.aborted) return;
    const tries = this.#attempts.failed(pod, systemClock.now());
    metrics.wrote(this.#region, outcome.kind);
    const fields = { region: this.#region, pod: pod.metadata.name, tries, why: outcome.message };
    if (outcome.kind === 'outdated') log.debug(fields, 'pin not taken');
    else log.warn(fields, 'pin failed');
    if (tries === REPORT_AFTER) {
      const message = `the API server did not take the pin ${tries} times: ${outcome.message}`;
      events.record(pod, { type: 'Warning', reason: 'PinRefused', message, action: 'Pin' });
    }
  }

  async #takeBack(pod: CachedPod, signal: AbortSignal): Promise<void> {
    const { writes, metrics, events, log } = this.#shared;
    // Before the answer: the next round must not ask again.
    this.#stuck.deleted(pod, systemClock.now());
    const outcome = await writes.takeBack(pod, signal);
    const fields = { region: this.#region, pod: pod.metadata.name, outcome: outcome.kind };
    log.info(fields, 'infeasible pin taken back');
    metrics.wrote(this.#region, outcome.kind === 'done' ? 'deleted' : outcome.kind);
    if (outcome.kind !== 'done') return;
    const why = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message;
    const message = `no pinned node took the pod, its controller makes a new one: ${why ?? 'Unschedulable'}`;
    events.record(pod, { type: 'Warning', reason: 'InfeasiblePin', message, action: 'Delete' });
  }

  #waits({ pod, reason, message }: Wait): void {
    this.#shared.events.record(pod, { type: 'Warning', reason, message, action: 'Wait' });
  }

  #later(work: Promise<void>): void {
    const done = work
      .catch((err: unknown) => this.#shared.log.error({ err, region: this.#region }, 'write failed'))
      .finally(() => this.#writing.delete(done));
    this.#writing.add(done);
  }
}

const REPORT_AFTER = 3;
