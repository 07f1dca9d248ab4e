import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** What another process did to the file since the last look. */
export interface Changes {
  /** Rows that were removed; a row may have been given to a new trace since. `undefined`: too many to know. */
  readonly removed: readonly number[] | undefined;
}

/** Notices what the process that writes does: for processes that only read. Looking costs a microsecond when nothing happened. */
export class Follower {
  readonly #db: DatabaseSync;
  readonly #version: StatementSync;
  #seen: number;
  /** Last removal that was seen. */
  #step: number;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#version = db.prepare('PRAGMA data_version');
    this.#seen = this.#now();
    this.#step = this.#last();
  }

  /** What happened; undefined when nothing did. */
  look(): Changes | undefined {
    const now = this.#now();
    if (now === this.#seen) return undefined;
    this.#seen = now;
    const last = this.#last();
    if (last === this.#step) return { removed: [] };
    const rows = this.#db
      .prepare('SELECT step, row FROM removed WHERE step > ? ORDER BY step')
      .all(this.#step)
      .map((r) => Number(r['row']));
    const whole = rows.length === last - this.#step;
    this.#step = last;
    return { removed: whole ? rows : undefined };
  }

  #now(): number {
    return Number(this.#version.get()?.['data_version']);
  }

  /** Step of the last removal; 0 when there was none, or the file was never written to by a version that writes them down. */
  #last(): number {
    const there = this.#db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'removed'").get();
    if (there === undefined) return 0;
    return Number(
      this.#db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'removed'").get()?.['seq'] ?? 0,
    );
  }
}
