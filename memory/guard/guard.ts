import type { TraceStore } from '#memory/store/trace-store.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { NO_CALIBRATION, observed } from './calibration.ts';
import type { Calibration } from './calibration.ts';
import { GUARD_SETTINGS, judgeOutcome } from './outcome.ts';
import type { Evidence, GuardSettings, Verdict } from './outcome.ts';

/** A reported outcome that is kept aside, and why. */
export interface Quarantined {
  readonly trace: Trace;
  readonly reason: string;
}

/** Most that is kept aside; the oldest make room. */
const MOST_QUARANTINED = 1000;

/** Stands before a store: what it does not admit never gets there. One calibration for each source and class of deployment. */
export class Guard {
  readonly #store: TraceStore;
  readonly #settings: GuardSettings;
  readonly #calibrations = new Map<string, Calibration>();
  #quarantined: Quarantined[] = [];

  constructor(store: TraceStore, settings: GuardSettings = GUARD_SETTINGS) {
    this.#store = store;
    this.#settings = settings;
  }

  /** What is kept aside, the oldest first. */
  get quarantined(): readonly Quarantined[] {
    return this.#quarantined;
  }

  /** Judges a report, and puts it where it belongs. An admitted one is durable when this resolves. */
  async report(trace: Trace, evidence: Omit<Evidence, 'calibration'>): Promise<Verdict> {
    const kind = `${trace.source} ${trace.dag.class}`;
    const calibration = this.#calibrations.get(kind) ?? NO_CALIBRATION;
    const verdict = judgeOutcome(trace, { ...evidence, calibration }, this.#settings);
    if (verdict.kind === 'refuse') return verdict;
    // Quarantined errors count too: a model that has become worse is not locked out for ever.
    this.#calibrations.set(kind, observed(calibration, verdict.error));
    if (verdict.kind === 'admit') await this.#store.put([trace]);
    else
      this.#quarantined = [
        ...this.#quarantined.slice(1 - MOST_QUARANTINED),
        { trace, reason: verdict.reason },
      ];
    return verdict;
  }

  /** Takes a trace out of quarantine into the memory: a person has looked at it. False when it is not there. */
  async release(id: string): Promise<boolean> {
    const found = this.#quarantined.find((q) => q.trace.id === id);
    if (found === undefined) return false;
    await this.#store.put([found.trace]);
    this.#quarantined = this.#quarantined.filter((q) => q !== found);
    return true;
  }
}
