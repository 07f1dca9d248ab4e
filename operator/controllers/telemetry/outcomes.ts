import type { Objects } from '#world/objects.ts';
import type { Clock } from '#kube/clock.ts';
import type { Log } from '#kube/log.ts';
import type { Transport } from '#kube/transport.ts';
import { BY_DAG } from '../../caches.ts';
import type { Caches } from '../../caches.ts';
import type { CachedPlan } from '../../objects.ts';
import { no, yes } from '../servicedag/verdict.ts';
import type { Verdict } from '../servicedag/verdict.ts';
import { markReported, writeRealised } from './apply.ts';
import type { TelemetryMetrics } from './metrics.ts';
import { TraceReporter } from './reporter.ts';
import type { Told } from './reporter.ts';
import { realisedOf } from './tenure.ts';
import type { Realised, Tenure } from './tenure.ts';
import { traceOf } from './trace.ts';

/** What outcomes are handed on with. */
export interface OutcomeShell {
  readonly transport: Transport;
  readonly caches: Caches;
  readonly plannerUrl: string;
  /** File with the bearer token for the planner's memory. */
  readonly tokenFile?: string | undefined;
  readonly counts: TelemetryMetrics;
  readonly log: Log;
  readonly clock: Clock;
  readonly nowMs: () => number;
}

/** Hands on what plans came to: to the planner's memory, and into their status. */
export class Outcomes {
  readonly #shell: OutcomeShell;
  readonly #reporter: TraceReporter;
  /** The plan in force with the world when it took effect. */
  readonly #worlds = new Map<string, { readonly plan: CachedPlan; readonly objects: Objects }>();
  /** The last trace that was stored of each ServiceDAG. */
  readonly #stored = new Map<string, string>();
  readonly #pending = new Set<Promise<void>>();

  constructor(shell: OutcomeShell) {
    this.#shell = shell;
    this.#reporter = new TraceReporter(shell);
  }

  /** A plan is in force in this world; the first world counts. */
  remember(key: string, plan: CachedPlan, objects: Objects): void {
    if (this.#worlds.get(key)?.plan.metadata.name !== plan.metadata.name)
      this.#worlds.set(key, { plan, objects });
  }

  /** Forgets a ServiceDAG that is gone. */
  forget(key: string): void {
    this.#worlds.delete(key);
    this.#stored.delete(key);
  }

  /** Hands the outcome of a plan on; nobody waits for it. */
  tell(key: string, tenure: Tenure, signal: AbortSignal): void {
    const { counts, log, nowMs } = this.#shell;
    const world = this.#worlds.get(key);
    if (world?.plan.metadata.name !== tenure.plan) return;
    const replanOf = this.#stored.get(key);
    const body = traceOf(world.plan, tenure, { objects: world.objects, atMs: nowMs(), replanOf });
    const realised = realisedOf(tenure);
    if (body === undefined || realised === undefined) return counts.traced('Deviant');
    const telling = (async () => {
      try {
        await this.#note(key, world.plan, realised, await this.#reporter.offer(body), signal);
      } catch (error) {
        if (!signal.aborted) log.warn({ dag: key, err: String(error) }, 'cannot mark what was told');
      }
    })();
    this.#pending.add(telling);
    void telling.finally(() => this.#pending.delete(telling));
  }

  /** Sends until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#reporter.run(signal);
    await Promise.all(this.#pending);
  }

  async #note(
    key: string,
    plan: CachedPlan,
    realised: Realised,
    told: Told,
    signal: AbortSignal,
  ): Promise<void> {
    const { transport, caches, counts, log, nowMs } = this.#shell;
    counts.traced(told.result);
    log.info({ dag: key, plan: plan.metadata.name, ...told }, 'outcome of a plan told');
    if (told.result === 'Dropped') return;
    if (told.result === 'Stored') this.#stored.set(key, told.id);
    const { name } = plan.metadata;
    const now = (): CachedPlan =>
      caches.plans.by(BY_DAG, key).find(({ metadata }) => metadata.name === name) ?? plan;
    const nowIso = new Date(nowMs()).toISOString().replace(/\.\d+Z$/, 'Z');
    await writeRealised(transport, now(), realised, undefined, signal);
    await markReported(transport, now(), verdictOn(told), nowIso, signal);
  }
}

function verdictOn(told: Exclude<Told, { result: 'Dropped' }>): Verdict {
  switch (told.result) {
    case 'Stored':
      return yes('Stored', `the planner's memory keeps it as ${told.id}`);
    case 'Quarantined':
      return no('Quarantined', `the planner's memory doubts it: ${told.reason}`);
    case 'NotStored':
    case 'Refused':
      return no(told.result, told.reason === '' ? 'the planner says no reason' : told.reason);
    default:
      throw new Error(`unknown answer ${JSON.stringify(told satisfies never)}`);
  }
}
