import type { DatabaseSync } from 'node:sqlite';
import type { Space } from '#memory/store/admission.ts';
import { MemoryUnavailable } from '#memory/store/errors.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { Follower } from './follow.ts';
import { VectorIndex } from './index.ts';
import type { FileReader } from './read.ts';
import { spaceOf } from './schema.ts';
import { listedOf } from './slices.ts';

/** What is kept in memory of a file: all vectors of an encoder, and who is known. */
export class Mirror {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #reader: FileReader;
  readonly #space: Space;
  readonly #follower: Follower | undefined;
  /** Encoder that the file belonged to when it was read. */
  #owner = '';
  #index: VectorIndex;
  #tenants = new Set<string>();
  /** Highest row that was looked at. */
  #lastRow = -1;

  /** With `follows`, `follow` takes in what another process writes. */
  constructor(path: string, db: DatabaseSync, reader: FileReader, space: Space, follows: boolean) {
    this.#path = path;
    this.#db = db;
    this.#reader = reader;
    this.#space = space;
    this.#index = new VectorIndex(space.dimension);
    // Before anything is read: what comes between is then looked at twice, not missed.
    this.#follower = follows ? new Follower(db) : undefined;
  }

  get index(): VectorIndex {
    return this.#index;
  }

  knows(tenant: string): boolean {
    return this.#tenants.has(tenant);
  }

  meet(tenant: string): void {
    this.#tenants.add(tenant);
  }

  /** Reads the whole file. */
  read(): void {
    this.#owner = spaceOf(this.#db).encoderVersion;
    this.#index = new VectorIndex(this.#space.dimension);
    this.#lastRow = -1;
    this.#readNew();
  }

  /** Takes in traces that were just written; rows below 0 were there already. The number that were new. */
  add(batch: readonly Trace[], rows: readonly number[]): number {
    let added = 0;
    for (const [i, trace] of batch.entries()) {
      const row = rows[i] ?? -1;
      this.#tenants.add(trace.tenant);
      if (row < 0) continue;
      added++;
      this.#index.add(listedOf(trace, row));
    }
    return added;
  }

  /** Takes in rows that have got vectors of this space. */
  refresh(rows: readonly number[]): void {
    for (const row of rows) {
      const listed = this.#reader.listedRow(row, this.#space.encoderVersion);
      if (listed !== undefined && this.#index.find(row, listed.region) === undefined) this.#index.add(listed);
    }
  }

  /** Takes in what another process wrote. Throws `MemoryUnavailable` when it gave the file to another encoder. */
  follow(): void {
    const changes = this.#follower?.look();
    if (changes === undefined) return;
    const { encoderVersion } = spaceOf(this.#db);
    if (encoderVersion !== this.#owner)
      throw new MemoryUnavailable(
        `${this.#path}: another process embedded its traces again, for "${encoderVersion}"; open it again`,
      );
    if (changes.removed === undefined) {
      this.read();
      return;
    }
    for (const row of changes.removed) {
      this.#index.kill(row);
      // The row may be another trace's by now.
      const listed =
        row <= this.#lastRow ? this.#reader.listedRow(row, this.#space.encoderVersion) : undefined;
      if (listed !== undefined) this.#index.add(listed);
    }
    this.#readNew();
  }

  #readNew(): void {
    for (const listed of this.#reader.listed(this.#space.encoderVersion, this.#lastRow)) {
      this.#index.add(listed);
      this.#lastRow = Math.max(this.#lastRow, listed.row);
    }
    this.#tenants = new Set(this.#reader.knownTenants());
  }
}
