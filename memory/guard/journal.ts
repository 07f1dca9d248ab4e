import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { DamagedMemory } from '#memory/store/errors.ts';
import { parseTrace, traceJson } from '#memory/trace/seal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { NO_CALIBRATION, observed } from './calibration.ts';
import type { Calibration } from './calibration.ts';

/** A reported outcome that is kept aside, and why. */
export interface Quarantined {
  readonly trace: Trace;
  readonly reason: string;
}

/** Most that is kept aside; the oldest make room. */
const MOST_QUARANTINED = 1000;
/** Reporters that are suspected at most; those of old make room. */
const MOST_SUSPECTED = 4096;
/** Lines beyond what the state needs before the file is written anew. */
const SLACK = 2000;

const line = z.discriminatedUnion('kind', [
  // Written by versions that did not score: it says nothing any more.
  z.strictObject({ kind: z.literal('error'), of: z.string().min(1), error: z.number().min(0) }),
  z.strictObject({ kind: z.literal('score'), of: z.string().min(1), score: z.number() }),
  z.strictObject({ kind: z.literal('suspicion'), who: z.string().min(1), suspicion: z.number().min(0) }),
  z.strictObject({ kind: z.literal('quarantine'), reason: z.string(), trace: z.unknown() }),
  z.strictObject({ kind: z.literal('release'), id: z.string() }),
]);

/** One thing that a guard has learned: how an outcome was scored, how far a reporter is suspected, what is kept aside, what no longer is. */
export type Entry =
  | { readonly kind: 'error' }
  | { readonly kind: 'score'; readonly of: string; readonly score: number }
  | { readonly kind: 'suspicion'; readonly who: string; readonly suspicion: number }
  | { readonly kind: 'quarantine'; readonly reason: string; readonly trace: Trace }
  | { readonly kind: 'release'; readonly id: string };

/** What a guard knows: scores by kind of deployment, whom it suspects, and what is kept aside, the oldest first. Bounded. */
export class GuardState {
  readonly calibrations = new Map<string, Calibration>();
  readonly suspicions = new Map<string, number>();
  readonly #aside = new Map<string, Quarantined>();

  get quarantined(): readonly Quarantined[] {
    return [...this.#aside.values()];
  }

  /** Number of `entries`. */
  get size(): number {
    const scores = [...this.calibrations.values()].reduce((n, one) => n + one.scores.length, 0);
    return this.#aside.size + this.suspicions.size + scores;
  }

  /** The report of an id that is kept aside. */
  find(id: string): Quarantined | undefined {
    return this.#aside.get(id);
  }

  apply(entry: Entry): void {
    switch (entry.kind) {
      case 'error':
        break;
      case 'score': {
        const before = this.calibrations.get(entry.of) ?? NO_CALIBRATION;
        this.calibrations.set(entry.of, observed(before, entry.score));
        break;
      }
      case 'suspicion': {
        this.suspicions.delete(entry.who);
        if (entry.suspicion > 0) this.suspicions.set(entry.who, entry.suspicion);
        const [oldest] = this.suspicions.keys();
        if (this.suspicions.size > MOST_SUSPECTED && oldest !== undefined) this.suspicions.delete(oldest);
        break;
      }
      case 'quarantine': {
        this.#aside.set(entry.trace.id, { trace: entry.trace, reason: entry.reason });
        const [oldest] = this.#aside.keys();
        if (this.#aside.size > MOST_QUARANTINED && oldest !== undefined) this.#aside.delete(oldest);
        break;
      }
      default:
        this.#aside.delete(entry.id);
    }
  }

  /** The entries that make this state again. */
  entries(): Entry[] {
    const scores = [...this.calibrations].flatMap(([of, one]) =>
      one.scores.map((score): Entry => ({ kind: 'score', of, score })),
    );
    const suspected = [...this.suspicions].map(([who, suspicion]): Entry => {
      return { kind: 'suspicion', who, suspicion };
    });
    return [...scores, ...suspected, ...this.quarantined.map((q): Entry => ({ kind: 'quarantine', ...q }))];
  }
}

/** Where a memory's guard keeps its journal: beside its file. */
export const journalBeside = (store: string): string => `${store}.guard.jsonl`;

/**
 * What a guard has learned, a line of JSON each, so that a restart forgets nothing. A line that a crash cut short is left out; any other
 * that cannot be read is `DamagedMemory`. The file is written anew, in one step, when most of its lines no longer count.
 */
export class Journal {
  readonly state = new GuardState();
  readonly #path: string;
  readonly #tidies: boolean;
  #lines = 0;

  /** `tidies`: it may be written anew; false where another process may be appending to it. */
  constructor(path: string, tidies = true) {
    this.#path = path;
    this.#tidies = tidies;
    if (!existsSync(path)) return;
    const text = readFileSync(path, 'utf8');
    const end = text.lastIndexOf('\n') + 1;
    const lines = text.slice(0, end).split('\n').slice(0, -1);
    for (const [at, one] of lines.entries()) this.state.apply(this.#entryOf(one, at));
    this.#lines = lines.length;
    if (tidies && (end < text.length || this.#isLong)) this.#rewrite();
  }

  /** Takes the entries in; they are on the disk when it resolves. */
  async append(entries: readonly Entry[]): Promise<void> {
    const file = await open(this.#path, 'a', 0o600);
    try {
      await file.appendFile(entries.map(written).join(''));
      await file.datasync();
    } finally {
      await file.close();
    }
    for (const entry of entries) this.state.apply(entry);
    this.#lines += entries.length;
    if (this.#isLong) this.#rewrite();
  }

  get #isLong(): boolean {
    return this.#tidies && this.#lines > SLACK + this.state.size;
  }

  #entryOf(text: string, at: number): Entry {
    try {
      const entry = line.parse(JSON.parse(text));
      return entry.kind === 'quarantine' ? { ...entry, trace: parseTrace(entry.trace) } : entry;
    } catch (cause) {
      const why = `line ${at + 1} of the guard's journal cannot be read`;
      throw new DamagedMemory(this.#path, why, 'move it away: what was in quarantine is lost', { cause });
    }
  }

  #rewrite(): void {
    const part = `${this.#path}.part`;
    const file = openSync(part, 'w', 0o600);
    try {
      writeSync(file, this.state.entries().map(written).join(''));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(part, this.#path);
    this.#lines = this.state.size;
  }
}

const written = (entry: Entry): string =>
  `${JSON.stringify(entry.kind === 'quarantine' ? { ...entry, trace: traceJson(entry.trace) } : entry)}\n`;
