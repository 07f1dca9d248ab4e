import type { Registry } from 'prom-client';
import { systemClock } from '#kube/clock.ts';
import type { Clock } from '#kube/clock.ts';
import type { EventRecorder } from '#kube/events.ts';
import type { Log } from '#kube/log.ts';
import type { Transport } from '#kube/transport.ts';
import type { Caches } from '../../caches.ts';
import type { OperatorMetrics } from '../../metrics.ts';
import type { Edge } from '../../routing/edge.ts';
import type { Weights } from '../../routing/weights.ts';
import { measuredOf } from '../../telemetry/measured.ts';
import { SourceFailed } from '../../telemetry/source.ts';
import type { Reading, TelemetrySource } from '../../telemetry/source.ts';
import type { World } from '../../world.ts';
import { writeRealised, writeRegionDrifts } from './apply.ts';
import { decide, NOTHING, PERIODS } from './decide.ts';
import type { Decision, State } from './decide.ts';
import { replanEvent } from './events.ts';
import { gather, SeriesNames, usesMesh } from './gather.ts';
import type { Gathered } from './gather.ts';
import { telemetryMetrics } from './metrics.ts';
import type { TelemetryMetrics } from './metrics.ts';
import { occupancyOf } from './occupancy.ts';
import { Outcomes } from './outcomes.ts';
import { recall } from './report.ts';
import type { Failure, Report } from './report.ts';
import { realisedOf } from './tenure.ts';
import type { Patience, Urgency } from './trouble.ts';

/** Where measurements come from, and how often. */
export interface TelemetrySettings {
  readonly source: TelemetrySource;
  /** 15 s when left out. */
  readonly periodMs?: number | undefined;
  /** `PATIENCE` when left out. */
  readonly patience?: Patience | undefined;
  /** File with the bearer token for the planner's memory. */
  readonly tokenFile?: string | undefined;
}

/** What telemetry is made from. */
export interface TelemetryParts extends TelemetrySettings {
  readonly transport: Transport;
  readonly caches: Caches;
  readonly world: World;
  readonly plannerUrl: string;
  readonly events: EventRecorder;
  readonly metrics: OperatorMetrics;
  readonly registry: Registry;
  readonly log: Log;
  readonly clock?: Clock;
  readonly nowMs: () => number;
  /** Hears that there is something new to say of a ServiceDAG, or a reason to plan it anew. */
  readonly told: (key: string) => void;
}

/** Without contact for this long, caches are too old to act on (architecture section 2). */
const STALE_MS = 30_000;
const PERIOD_MS = 15_000;
/** A source that fails again and again is asked every so many periods at last, as a power of two. */
const LONGEST_WAIT = 3;

/** Measurements as one part of the operator: looks every period, and remembers what they mean to each ServiceDAG. */
export class TelemetryPart {
  readonly #from: TelemetryParts;
  readonly #periodMs: number;
  readonly #clock: Clock;
  readonly #counts: TelemetryMetrics;
  readonly #names = new SeriesNames();
  readonly #states = new Map<string, State>();
  readonly #urgent = new Map<string, Urgency>();
  /** When a plan was last asked for because of measurements. */
  readonly #replannedMs = new Map<string, number>();
  readonly #outcomes: Outcomes;
  /** When the drift of regions was last written. */
  #driftMs = -Infinity;
  /** Why the source gave nothing at the last look. */
  #failure: Failure | undefined;

  constructor(from: TelemetryParts) {
    this.#from = from;
    this.#periodMs = from.periodMs ?? PERIOD_MS;
    this.#clock = from.clock ?? systemClock;
    this.#counts = telemetryMetrics(from.registry);
    this.#outcomes = new Outcomes({ ...from, counts: this.#counts, clock: this.#clock });
  }

  /** What there is to tell of a ServiceDAG (`namespace/name`): what was told last until it was looked at; undefined before. */
  report(key: string): Report | undefined {
    const state = this.#states.get(key);
    if (state !== undefined) return state.told;
    const dag = this.#from.caches.dags.get(key);
    return dag === undefined ? undefined : recall(dag);
  }

  /** Measured shares of an edge by group, while they are fresh. */
  observed(edge: Edge): Weights | undefined {
    const { name, namespace = 'default' } = edge.dag.metadata;
    return this.report(`${namespace}/${name}`)?.shares.get(edge.key);
  }

  /** Why a ServiceDAG should be planned anew now; undefined while there is no reason. */
  urgency(key: string): Urgency | undefined {
    return this.#urgent.get(key);
  }

  /** A plan was asked for because of `urgency`: the next one has to wait. */
  replanned(key: string): void {
    const urgency = this.#urgent.get(key);
    const dag = this.#from.world.dag(key);
    this.#urgent.delete(key);
    this.#replannedMs.set(key, this.#from.nowMs());
    if (urgency === undefined || dag === undefined) return;
    this.#counts.replanned(urgency.why);
    this.#from.events.record(dag, replanEvent(urgency));
  }

  /** Looks every period until the signal aborts; more and more seldom while the source gives nothing. */
  async run(signal: AbortSignal): Promise<void> {
    const sending = this.#outcomes.run(signal);
    let failures = 0;
    while (!signal.aborted) {
      const failed = await this.#look(signal).catch((err: unknown) => {
        // Telemetry is help, not a reason to end the operator.
        this.#from.log.error({ err }, 'a look at the measurements failed');
        return true;
      });
      failures = failed ? failures + 1 : 0;
      const waitMs = this.#periodMs * 2 ** Math.min(failures, LONGEST_WAIT);
      // Jitter after a failure: sources come back to many who wait for them.
      const share = failures === 0 ? 1 : 0.5 + 0.5 * this.#clock.random();
      await this.#wait(Math.max(this.#periodMs, waitMs * share), signal);
    }
    await sending;
  }

  /** Waits, and looks at what is remembered every period meanwhile: it grows old by itself. */
  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    for (let left = ms; left > 0 && !signal.aborted; left -= this.#periodMs) {
      await this.#clock.sleep(Math.min(left, this.#periodMs), signal).catch(() => undefined);
      if (left > this.#periodMs && !signal.aborted) await this.#judge(undefined, this.#failure, signal);
    }
  }

  /** One look at everything; whether the source gave nothing. */
  async #look(signal: AbortSignal): Promise<boolean> {
    const { caches, source, log } = this.#from;
    if (caches.doubt(STALE_MS) !== undefined) return false;
    const sinceMs = performance.now();
    let reading: Reading | undefined;
    let result = 'Read';
    try {
      reading = await source.read({ mesh: usesMesh(caches) }, signal);
      this.#counts.rejected(reading.rejected);
      this.#failure = undefined;
    } catch (error) {
      if (signal.aborted) return false;
      result = error instanceof SourceFailed ? error.reason : 'Failed';
      const message = error instanceof Error ? error.message : String(error);
      if (this.#failure?.message !== message)
        log.warn({ reason: result, err: message }, 'nothing is measured');
      this.#failure = { reason: `Source${result}`, message };
    }
    this.#counts.looked(result, (performance.now() - sinceMs) / 1000);
    await this.#judge(reading, this.#failure, signal);
    return reading === undefined;
  }

  /** What a reading, or the lack of one, means to each ServiceDAG. */
  async #judge(
    reading: Reading | undefined,
    failure: Failure | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { caches, world, nowMs, metrics, log } = this.#from;
    const { dags, series } = gather(caches, world, this.#names);
    const measured = reading === undefined ? undefined : measuredOf(reading, series);
    const { objects, snapshot } = world.now(nowMs());
    const utilisation = occupancyOf(snapshot).mean;
    const drifts = new Map<string, number[]>();
    for (const one of dags) {
      const { key, dag, plan } = one;
      const before = this.#states.get(key) ?? NOTHING;
      const decision = decide(before, {
        ...one,
        utilisation,
        failure,
        measured: measured?.get(key),
        patience: this.#from.patience,
        replannedMs: this.#replannedMs.get(key),
        periodMs: this.#periodMs,
        windowMs: this.#from.source.windowSeconds * 1000,
        nowMs: nowMs(),
      });
      this.#states.set(key, decision.state);
      world.expect(key, decision.state.planning);
      for (const tenure of decision.outcomes) this.#outcomes.tell(key, tenure, signal);
      if (plan !== undefined) this.#outcomes.remember(key, plan, objects);
      this.#note(one, decision);
      const latency = decision.state.told?.fresh?.latencyMicros;
      if (reading !== undefined && latency !== undefined) metrics.observed(dag.spec.class, latency / 1e6);
      if (plan !== undefined && decision.drift !== undefined)
        for (const { region } of plan.spec.regions)
          drifts.set(region, [...(drifts.get(region) ?? []), decision.drift]);
      await this.#write(one, decision, signal).catch((error: unknown) => {
        if (!signal.aborted) log.warn({ dag: key, err: String(error) }, 'cannot write what was measured');
      });
    }
    this.#forget(new Set(dags.map(({ key }) => key)));
    await this.#writeDrifts(drifts, signal);
  }

  #note({ key }: Gathered, { isNews, urgency }: Decision): void {
    if (urgency === undefined) this.#urgent.delete(key);
    else this.#urgent.set(key, urgency);
    if (isNews || urgency !== undefined) this.#from.told(key);
  }

  async #write({ plan }: Gathered, { isNews, state, drift }: Decision, signal: AbortSignal): Promise<void> {
    const realised = state.tenure === undefined ? undefined : realisedOf(state.tenure);
    // With the status of its ServiceDAG, or once more when its tenure ends: never more often.
    const due = isNews || (plan?.status?.realised === undefined && realised !== undefined);
    if (plan !== undefined && realised !== undefined && due)
      await writeRealised(this.#from.transport, plan, realised, drift, signal);
  }

  async #writeDrifts(drifts: ReadonlyMap<string, readonly number[]>, signal: AbortSignal): Promise<void> {
    const { nowMs, log } = this.#from;
    const means = new Map(
      [...drifts].map(([region, list]) => [region, list.reduce((a, b) => a + b, 0) / list.length]),
    );
    this.#counts.drift(means);
    // As seldom as status says something new of a ServiceDAG.
    if (nowMs() - this.#driftMs < PERIODS.tell * this.#periodMs) return;
    this.#driftMs = nowMs();
    await writeRegionDrifts(this.#from, means, signal).catch((error: unknown) => {
      if (!signal.aborted) log.warn({ err: String(error) }, 'cannot write the drift of a region');
    });
  }

  #forget(present: ReadonlySet<string>): void {
    for (const key of [...this.#states.keys()].filter((known) => !present.has(known))) {
      for (const map of [this.#states, this.#urgent, this.#replannedMs]) map.delete(key);
      this.#outcomes.forget(key);
      this.#from.world.expect(key, undefined);
    }
  }
}
