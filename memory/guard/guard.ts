import type { TraceStore } from '#memory/store/trace-store.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { NO_CALIBRATION } from './calibration.ts';
import { GuardState } from './journal.ts';
import type { Entry, Journal, Quarantined } from './journal.ts';
import { shippedLimits } from './limits.ts';
import type { Limits } from './limits.ts';
import { judgeOutcome } from './outcome.ts';
import type { Evidence, Verdict } from './outcome.ts';
import { suspicionAfter } from './suspicion.ts';
import { Witnesses } from './witnesses.ts';

/** How a guard is set up. */
export interface GuardOptions {
  /** How far honest outcomes are from what is expected; those that come with the program by default. */
  readonly limits?: Limits;
  /** Where what it learns survives a restart; it forgets without. */
  readonly journal?: Journal | undefined;
}

/** Stands before a store: what it does not admit never gets there. One calibration for each source and class of deployment. */
export class Guard {
  readonly #store: TraceStore;
  readonly #limits: Limits;
  readonly #witnesses = new Witnesses();
  readonly #journal: Journal | undefined;
  readonly #state: GuardState;

  constructor(store: TraceStore, { limits = shippedLimits(), journal }: GuardOptions = {}) {
    this.#store = store;
    this.#limits = limits;
    this.#journal = journal;
    this.#state = journal?.state ?? new GuardState();
  }

  /** What is kept aside, the oldest first. */
  get quarantined(): readonly Quarantined[] {
    return this.#state.quarantined;
  }

  /**
   * Judges a report, and puts it where it belongs: it is durable when this resolves. A report that is kept aside already is told so again.
   * Those that it bears out come out of quarantine with it.
   */
  async report(trace: Trace, evidence: Omit<Evidence, 'calibration' | 'suspicion'>): Promise<Verdict> {
    const of = `${trace.source} ${trace.dag.class}`;
    const who = `${evidence.agent ?? ''} ${trace.tenant}`;
    const calibration = this.#state.calibrations.get(of) ?? NO_CALIBRATION;
    const suspicion = this.#state.suspicions.get(who) ?? 0;
    const verdict = judgeOutcome(trace, { ...evidence, calibration, suspicion }, this.#limits);
    if (verdict.kind === 'refuse') return verdict;
    const { score } = verdict;
    const known = this.#state.find(trace.id);
    if (known !== undefined) return { kind: 'quarantine', score, reason: known.reason };
    if (verdict.kind === 'admit') {
      // Told twice, it counts once.
      const { added } = await this.#store.put([trace]);
      if (added === 0) return verdict;
    }
    const after = suspicionAfter(suspicion, score);
    await this.#note([
      { kind: 'score', of, score },
      ...(after === suspicion ? [] : [{ kind: 'suspicion' as const, who, suspicion: after }]),
      ...(verdict.kind === 'admit' ? [] : [{ kind: 'quarantine' as const, trace, reason: verdict.reason }]),
    ]);
    const isAdmitted = verdict.kind === 'admit';
    for (const id of this.#witnesses.hear({ trace, agent: evidence.agent ?? '', score, isAdmitted }))
      await this.release(id);
    return verdict;
  }

  /** Takes a trace out of quarantine into the memory: a person has looked at it, or others bear it out. False when it is not there. */
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
