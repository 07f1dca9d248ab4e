import type { TraceStore } from '#memory/store/trace-store.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { NO_CALIBRATION } from './calibration.ts';
import { GuardState } from './journal.ts';
import type { Entry, Journal, Quarantined } from './journal.ts';
import { GUARD_SETTINGS, judgeOutcome } from './outcome.ts';
import type { Evidence, GuardSettings, Verdict } from './outcome.ts';

/** How a guard is set up. */
export interface GuardOptions {
  readonly settings?: GuardSettings;
  /** Where what it learns survives a restart; it forgets without. */
  readonly journal?: Journal | undefined;
}

/** Stands before a store: what it does not admit never gets there. One calibration for each source and class of deployment. */
export class Guard {
  readonly #store: TraceStore;
  readonly #settings: GuardSettings;
  readonly #journal: Journal | undefined;
  readonly #state: GuardState;

  constructor(store: TraceStore, { settings = GUARD_SETTINGS, journal }: GuardOptions = {}) {
    this.#store = store;
    this.#settings = settings;
    this.#journal = journal;
    this.#state = journal?.state ?? new GuardState();
  }

  /** What is kept aside, the oldest first. */
  get quarantined(): readonly Quarantined[] {
    return this.#state.quarantined;
  }

  /** Judges a report, and puts it where it belongs: it is durable when this resolves. A report that is kept aside already is told so again. */
  async report(trace: Trace, evidence: Omit<Evidence, 'calibration'>): Promise<Verdict> {
    const of = `${trace.source} ${trace.dag.class}`;
    const calibration = this.#state.calibrations.get(of) ?? NO_CALIBRATION;
    const verdict = judgeOutcome(trace, { ...evidence, calibration }, this.#settings);
    if (verdict.kind === 'refuse') return verdict;
    const { error } = verdict;
    const known = this.#state.find(trace.id);
    if (known !== undefined) return { kind: 'quarantine', error, reason: known.reason };
    if (verdict.kind === 'admit') {
      // Told twice, it counts once.
      const { added } = await this.#store.put([trace]);
      if (added === 0) return verdict;
    }
    // Quarantined errors count too: a model that has become worse is not locked out for ever.
    await this.#note([
      { kind: 'error', of, error },
      ...(verdict.kind === 'admit' ? [] : [{ kind: 'quarantine' as const, trace, reason: verdict.reason }]),
    ]);
    return verdict;
  }

  /** Takes a trace out of quarantine into the memory: a person has looked at it. False when it is not there. */
  async release(id: string): Promise<boolean> {
    const found = this.#state.find(id);
    if (found === undefined) return false;
    await this.#store.put([found.trace]);
    await this.#note([{ kind: 'release', id }]);
    return true;
  }

  async #note(entries: readonly Entry[]): Promise<void> {
    if (this.#journal !== undefined) await this.#journal.append(entries);
    else for (const entry of entries) this.#state.apply(entry);
  }
}
