import { existsSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { admitted, checkedQuery } from '#memory/store/admission.ts';
import type { Space } from '#memory/store/admission.ts';
import { MemoryUnavailable, UnknownTenant } from '#memory/store/errors.ts';
import type {
  Added,
  Expired,
  ExpiryPolicy,
  Filter,
  Hit,
  Neighbours,
  Progress,
  Reembed,
  Stats,
  TraceStore,
} from '#memory/store/trace-store.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { writeAll } from './intake.ts';
import { Mirror } from './mirror.ts';
import { neighboursOf } from './neighbours.ts';
import { FileReader } from './read.ts';
import { idsOf, reembedAll } from './re-embed.ts';
import { expireTraces, removeTraces } from './removal.ts';
import type { Removing } from './removal.ts';
import { damaged } from './schema.ts';
import { Uses } from './uses.ts';
import type { Writer } from './writer.ts';

/** How a memory file is opened. */
export interface EmbeddedOptions {
  readonly path: string;
  /** What a new file is made for; one that is there and has another dimension is refused. */
  readonly space?: Space;
  /** Embeds traces of another encoder again: those that are put, and in the background those of the file. */
  readonly reembed?: Reembed;
  readonly onProgress?: Progress;
  /** Nothing is written, and another process may write meanwhile: each query sees what was on the disk when it came. */
  readonly readOnly?: boolean;
}

/** Use `openEmbedded`. */
export class EmbeddedStore implements TraceStore {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #space: Space;
  readonly #reader: FileReader;
  readonly #writer: Writer;
  readonly #reembed: Reembed | undefined;
  readonly #onProgress: Progress | undefined;
  readonly #readOnly: boolean;
  readonly #mirror: Mirror;
  readonly #uses = new Uses();
  readonly #closing = new AbortController();
  #settled: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: EmbeddedOptions, db: DatabaseSync, space: Space, writer: Writer) {
    const { path, reembed, onProgress, readOnly = false } = options;
    this.#path = path;
    this.#db = db;
    this.#space = space;
    this.#reader = new FileReader(db);
    this.#writer = writer;
    this.#reembed = reembed;
    this.#onProgress = onProgress;
    this.#readOnly = readOnly;
    this.#mirror = new Mirror(path, db, this.#reader, space, readOnly);
  }

  /** Fills the index from the file; a damaged id index is built again first. Traces of another encoder are embedded again from then on. */
  async load(): Promise<void> {
    if (!this.#readOnly && this.#indexDisagrees()) await this.#writer.order({ kind: 'check', repair: true });
    this.#mirror.read();
    if (this.#readOnly || this.#reembed === undefined) return;
    if (this.#reader.stale(this.#space.encoderVersion).stale === 0) return;
    this.#settled = reembedAll({
      reader: this.#reader,
      writer: this.#writer,
      space: this.#space,
      reembed: this.#reembed,
      onProgress: this.#onProgress,
      ready: (rows) => this.#mirror.refresh(rows),
      signal: this.#closing.signal,
    });
    // Who waits is told; nobody has to.
    this.#settled.catch(() => undefined);
  }

  settled(): Promise<void> {
    return this.#settled;
  }

  async put(traces: readonly Trace[]): Promise<Added> {
    this.#mustWrite();
    const ready = await admitted(traces, this.#space, this.#reembed);
    const added = await writeAll(this.#writer, ready.traces, this.#space.dimension, (batch, rows) =>
      this.#mirror.add(batch, rows),
    );
    return { added, known: ready.traces.length - added, reembedded: ready.reembedded };
  }

  async admit(tenant: string): Promise<void> {
    this.#mustWrite();
    await this.#writer.order({ kind: 'admit', tenant });
    this.#mirror.meet(tenant);
  }

  knn(vector: ArrayLike<number>, k: number, filter: Filter): Promise<readonly Hit[]> {
    return this.#reading(filter.tenant, () => {
      const query = checkedQuery(vector, k, filter.encoderVersion, this.#space);
      return this.#mirror.index.search(query, k, filter);
    });
  }

  get(tenant: string, ids: readonly string[]): Promise<readonly Trace[]> {
    return this.#reading(tenant, () => {
      const { encoderVersion } = this.#space;
      return ids.flatMap((id) => {
        const located = this.#mirror.index.locate(id);
        const at = located === undefined ? undefined : { located, encoderVersion };
        return this.#reader.trace(id, tenant, at) ?? [];
      });
    });
  }

  neighbours(tenant: string, id: string): Promise<Neighbours | undefined> {
    return this.#reading(tenant, () => {
      const trace = this.#reader.trace(id, tenant);
      return trace === undefined ? undefined : neighboursOf(this.#db, tenant, trace);
    });
  }

  touch(ids: readonly string[], nowMs: number): void {
    this.#uses.add(ids, nowMs);
  }

  async remove(ids: readonly string[]): Promise<number> {
    this.#mustWrite();
    return removeTraces(this.#parts(), ids);
  }

  async expire(policy: ExpiryPolicy): Promise<Expired> {
    this.#mustWrite();
    await this.#flush();
    return expireTraces(this.#parts(), policy);
  }

  stats(): Promise<Stats> {
    return this.#answer(() => ({
      traces: this.#mirror.index.size,
      ...this.#reader.stale(this.#space.encoderVersion),
      ...this.#space,
      shards: new Map(
        [...this.#mirror.index.shards]
          .map(([region, s]): [string, number] => [region, s.size])
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
      tenants: this.#reader.tenants(),
      diskBytes: sizeOf(this.#path) + sizeOf(`${this.#path}-wal`),
      memoryBytes: this.#mirror.index.bytes,
    }));
  }

  /** What is wrong with the file, by SQLite's own account; indexes that disagree with their tables are built again when `repair`. */
  async check(repair: boolean): Promise<readonly string[]> {
    this.#mustWrite();
    return (await this.#writer.order({ kind: 'check', repair })).problems ?? [];
  }

  async *export(tenant: string | undefined): AsyncIterable<Trace> {
    for await (const id of idsOf(this.#reader, tenant, undefined)) {
      const found = this.#reader.whole(id);
      if (found !== undefined) yield found.trace;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closing.abort();
    await this.#settled.catch(() => undefined);
    if (!this.#readOnly) await this.#flush().catch(() => undefined);
    this.#closed = true;
    this.#db.close();
    await this.#writer.close();
  }

  #parts(): Removing {
    return { reader: this.#reader, writer: this.#writer, index: this.#mirror.index };
  }

  #indexDisagrees(): boolean {
    try {
      const { table, index } = this.#reader.counts();
      return table !== index;
    } catch (error) {
      if (((error as { errcode?: number }).errcode ?? 0) % 256 === 11) return true;
      throw error;
    }
  }

  async #flush(): Promise<void> {
    const order = this.#uses.settle(this.#reader, this.#mirror.index);
    if (order !== undefined) await this.#writer.order(order);
  }

  #reading<T>(tenant: string, read: () => T): Promise<T> {
    return this.#answer(() => {
      if (!this.#mirror.knows(tenant)) throw new UnknownTenant(tenant);
      return read();
    });
  }

  #answer<T>(read: () => T): Promise<T> {
    try {
      if (this.#closed) throw new MemoryUnavailable(`${this.#path}: the memory is closed`);
      this.#mirror.follow();
      return Promise.resolve(read());
    } catch (error) {
      return Promise.reject(damaged(this.#path, error));
    }
  }

  #mustWrite(): void {
    if (this.#closed) throw new MemoryUnavailable(`${this.#path}: the memory is closed`);
    if (this.#readOnly) throw new MemoryUnavailable(`${this.#path}: opened to read only`);
  }
}

const sizeOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0);
