import { existsSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
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
  Reembed,
  Stats,
  TraceStore,
} from '#memory/store/trace-store.ts';
import { dagHash } from '#memory/trace/seal.ts';
import { positionalText } from '#memory/trace/compact.ts';
import { RefusedTrace } from '#memory/trace/refusal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { victims } from './eviction.ts';
import { VectorIndex } from './index.ts';
import { FileReader } from './read.ts';
import { damaged, openFile, prepareFile, spaceOf } from './schema.ts';
import { ID_BYTES } from './write.ts';
import type { Slice } from './write.ts';
import { Writer } from './writer.ts';

/** Traces in one transaction: the more, the fewer pages of the id index are written twice. */
const BATCH = 2048;
/** Traces made ready between two breaths: what a query that comes meanwhile waits for. */
const READIED = 64;
/** Batches on their way to the writing thread at a time. */
const IN_FLIGHT = 2;
/** Traces removed between two breaths. */
const REMOVED = 64;
/** Traces that are embedded again in one transaction. */
const REEMBEDDED = 64;

/** How a memory file is opened. */
export interface EmbeddedOptions {
  readonly path: string;
  /** What a new file is made for; one that is there and has another dimension is refused. */
  readonly space?: Space;
  /** Embeds traces of another encoder again, when they are put and when the file's encoder is not the one of `space`. */
  readonly reembed?: Reembed;
  /** Nothing is written, and another process may write meanwhile; its traces are seen at the next opening. */
  readonly readOnly?: boolean;
}

/**
 * Opens the memory in a file: SQLite with a write-ahead log is the truth, all vectors are in memory. Writes happen on a thread of
 * their own; `put` resolves when they are on the disk. Throws `DamagedMemory`, `MemoryUnavailable` or `OtherEncoder`.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedStore> {
  const { path, space, readOnly = false } = options;
  if (!readOnly) {
    if (space === undefined && !existsSync(path))
      throw new MemoryUnavailable(`${path}: no such memory; import traces to make one`);
    if (space !== undefined) prepareFile(path, space);
  }
  const db = openFile(path, true);
  try {
    const kept = spaceOf(db);
    if (
      space !== undefined &&
      space.dimension !== kept.dimension &&
      space.encoderVersion === kept.encoderVersion
    ) {
      throw new RefusedTrace(
        'dimension',
        `the vectors of "${kept.encoderVersion}" in ${path} have ${kept.dimension} numbers, not ${space.dimension}`,
        'give another encoder another version',
      );
    }
    const writer = new Writer(path);
    const store = new EmbeddedStore(path, db, space ?? kept, writer, options.reembed, readOnly);
    await store.load(kept);
    return store;
  } catch (error) {
    db.close();
    throw damaged(path, error);
  }
}

/** Use `openEmbedded`. */
export class EmbeddedStore implements TraceStore {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #space: Space;
  readonly #reader: FileReader;
  readonly #writer: Writer;
  readonly #reembed: Reembed | undefined;
  readonly #readOnly: boolean;
  #index: VectorIndex;
  #tenants = new Set<string>();
  /** Uses that are neither in the index nor on the disk yet. */
  readonly #touched = new Map<string, { uses: number; usedMs: number }>();
  #closed = false;

  constructor(
    path: string,
    db: DatabaseSync,
    space: Space,
    writer: Writer,
    reembed: Reembed | undefined,
    readOnly: boolean,
  ) {
    this.#path = path;
    this.#db = db;
    this.#space = space;
    this.#reader = new FileReader(db);
    this.#writer = writer;
    this.#reembed = reembed;
    this.#readOnly = readOnly;
    this.#index = new VectorIndex(space.dimension);
  }

  /** Fills the index from the file; a damaged id index is built again first, traces of another encoder are embedded again. */
  async load(kept: Space): Promise<void> {
    if (!this.#readOnly && this.#indexDisagrees()) await this.#writer.order({ kind: 'check', repair: true });
    if (kept.encoderVersion !== this.#space.encoderVersion) await this.#changeEncoder();
    for (const listed of this.#reader.listed(this.#space.encoderVersion)) this.#index.add(listed);
    this.#tenants = new Set(this.#reader.knownTenants());
  }

  async put(traces: readonly Trace[]): Promise<Added> {
    this.#mustWrite();
    const ready = await admitted(traces, this.#space, this.#reembed);
    let added = 0;
    const inFlight: Promise<number>[] = [];
    for (let at = 0; at < ready.traces.length; at += BATCH) {
      const written = this.#putBatch(ready.traces.slice(at, at + BATCH));
      // Awaited below; an earlier batch that fails must not leave this one without a listener.
      written.catch(() => undefined);
      inFlight.push(written);
      if (inFlight.length >= IN_FLIGHT) added += (await inFlight.shift()) ?? 0;
    }
    for (const written of inFlight) added += await written;
    return { added, known: ready.traces.length - added, reembedded: ready.reembedded };
  }

  /** Writes and indexes; the number that were new. */
  async #putBatch(batch: readonly Trace[]): Promise<number> {
    const slices: Slice[] = [];
    for (let at = 0; at < batch.length; at += READIED) {
      if (at > 0) await nextTurn();
      slices.push(sliceOf(batch.slice(at, at + READIED), this.#space.dimension));
    }
    const { rows = [] } = await this.#writer.order({ kind: 'put', slices });
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

  async admit(tenant: string): Promise<void> {
    this.#mustWrite();
    await this.#writer.order({ kind: 'admit', tenant });
    this.#tenants.add(tenant);
  }

  knn(vector: ArrayLike<number>, k: number, filter: Filter): Promise<readonly Hit[]> {
    return this.#reading(filter.tenant, () => {
      const query = checkedQuery(vector, k, filter.encoderVersion, this.#space);
      return this.#index.search(query, k, filter).flatMap(({ row, ...hit }) => {
        const id = this.#reader.idOf(row);
        return id === undefined ? [] : [{ id, ...hit }];
      });
    });
  }

  get(tenant: string, ids: readonly string[]): Promise<readonly Trace[]> {
    return this.#reading(tenant, () => ids.flatMap((id) => this.#reader.trace(id, tenant) ?? []));
  }

  neighbours(tenant: string, id: string): Promise<Neighbours | undefined> {
    return this.#reading(tenant, () => this.#reader.neighbours(tenant, id));
  }

  touch(ids: readonly string[], nowMs: number): void {
    for (const id of ids)
      this.#touched.set(id, { uses: (this.#touched.get(id)?.uses ?? 0) + 1, usedMs: nowMs });
  }

  async remove(ids: readonly string[]): Promise<number> {
    this.#mustWrite();
    let removed = 0;
    for (let start = 0; start < ids.length; start += REMOVED) {
      const rows: number[] = [];
      for (const id of ids.slice(start, start + REMOVED)) {
        const at = this.#reader.rowOf(id);
        if (at === undefined) continue;
        const place = this.#index.find(at.row, at.region);
        place?.shard.kill(place.slot);
        rows.push(at.row);
      }
      await this.#writer.order({ kind: 'remove', rows });
      removed += rows.length;
    }
    return removed;
  }

  async expire(policy: ExpiryPolicy): Promise<Expired> {
    this.#mustWrite();
    await this.#flush();
    const breathe = (): Promise<void> => nextTurn();
    let aged = 0;
    let evicted = 0;
    for (const [, shard] of this.#index.shards) {
      const gone = await victims(shard, policy, breathe);
      const slots = [...gone.aged, ...gone.evicted];
      for (let start = 0; start < slots.length; start += REMOVED) {
        // A slot may have changed hands since it was looked at.
        const rows = slots
          .slice(start, start + REMOVED)
          .filter(({ slot, row }) => shard.rowAt(slot) === row && shard.kill(slot))
          .map(({ row }) => row);
        await this.#writer.order({ kind: 'remove', rows });
      }
      aged += gone.aged.length;
      evicted += gone.evicted.length;
    }
    return { aged, evicted };
  }

  stats(): Promise<Stats> {
    return this.#answer(() => ({
      traces: this.#index.size,
      stale: this.#reader.stale(this.#space.encoderVersion),
      ...this.#space,
      shards: new Map(
        [...this.#index.shards]
          .map(([region, s]): [string, number] => [region, s.size])
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
      tenants: this.#reader.tenants(),
      diskBytes: sizeOf(this.#path) + sizeOf(`${this.#path}-wal`),
      memoryBytes: this.#index.bytes,
    }));
  }

  /** What is wrong with the file, by SQLite's own account; indexes that disagree with their tables are built again when `repair`. */
  async check(repair: boolean): Promise<readonly string[]> {
    this.#mustWrite();
    return (await this.#writer.order({ kind: 'check', repair })).problems ?? [];
  }

  async *export(tenant: string | undefined): AsyncIterable<Trace> {
    for await (const id of this.#ids(tenant, undefined)) {
      const trace = this.#reader.trace(id, tenant);
      if (trace !== undefined) yield trace;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    if (!this.#readOnly) await this.#flush().catch(() => undefined);
    this.#closed = true;
    this.#db.close();
    await this.#writer.close();
  }

  /** Ids in pages, in order: the file may change meanwhile. */
  async *#ids(tenant: string | undefined, otherThan: string | undefined): AsyncGenerator<string> {
    for (let after = ''; ;) {
      const page = this.#reader.idsAfter(after, tenant, otherThan, REEMBEDDED);
      yield* page;
      const last = page.at(-1);
      if (last === undefined) return;
      after = last;
      await nextTurn();
    }
  }

  /** The file belongs to another encoder: with a way to embed again its traces come over, without they stay and are not searched. */
  async #changeEncoder(): Promise<void> {
    if (this.#readOnly || this.#reembed === undefined) return;
    const { dimension, encoderVersion } = this.#space;
    let vectors: { row: number; vector: Uint8Array }[] = [];
    const write = async (): Promise<void> => {
      if (vectors.length > 0) await this.#writer.order({ kind: 'embed', encoderVersion, vectors });
      vectors = [];
    };
    for await (const id of this.#ids(undefined, encoderVersion)) {
      const trace = this.#reader.trace(id, undefined);
      const at = this.#reader.rowOf(id);
      if (trace === undefined || at === undefined) continue;
      const { traces } = await admitted([trace], { dimension, encoderVersion }, this.#reembed);
      const [fresh] = traces;
      if (fresh !== undefined) vectors.push({ row: at.row, vector: bytesOf(fresh.vector) });
      if (vectors.length === REEMBEDDED) await write();
    }
    await write();
    await this.#writer.order({ kind: 'space', encoderVersion, dimension });
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

  /** Uses count when traces are to go, and are kept when the memory is closed: until then a touch costs nothing. */
  async #flush(): Promise<void> {
    const byRegion = new Map<string, Map<number, { uses: number; usedMs: number }>>();
    for (const [id, use] of this.#touched) {
      const at = this.#reader.rowOf(id);
      if (at === undefined) continue;
      const rows = byRegion.get(at.region) ?? new Map<number, { uses: number; usedMs: number }>();
      byRegion.set(at.region, rows.set(at.row, use));
    }
    this.#touched.clear();
    const uses = [...byRegion].flatMap(([region, rows]) => this.#index.shards.get(region)?.used(rows) ?? []);
    if (uses.length > 0) await this.#writer.order({ kind: 'touch', uses });
  }

  #reading<T>(tenant: string, read: () => T): Promise<T> {
    return this.#answer(() => {
      if (!this.#tenants.has(tenant)) throw new UnknownTenant(tenant);
      return read();
    });
  }

  #answer<T>(read: () => T): Promise<T> {
    try {
      if (this.#closed) throw new MemoryUnavailable(`${this.#path}: the memory is closed`);
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

const bytesOf = (vector: Float32Array): Uint8Array =>
  new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
const sizeOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0);

const first48 = (hash: string): number => Number.parseInt(hash.slice(0, 12), 16);

function sliceOf(batch: readonly Trace[], dimension: number): Slice {
  const vectorAt = 2 * ID_BYTES;
  const stride = vectorAt + 4 * dimension;
  const binary = Buffer.alloc(stride * batch.length);
  for (const [i, trace] of batch.entries()) {
    const at = i * stride;
    binary.write(trace.id, at, 'hex');
    if (trace.replanOf !== undefined) binary.write(trace.replanOf, at + ID_BYTES, 'hex');
    binary.set(bytesOf(trace.vector), at + vectorAt);
  }
  const traces = batch.map((trace) => ({
    tenant: trace.tenant,
    region: trace.region,
    slice: trace.slice,
    encoderVersion: trace.encoderVersion,
    createdMs: trace.createdMs,
    shareable: trace.shareable,
    reward: trace.realisedUtility,
    replan: trace.replanOf !== undefined,
    key: first48(trace.id),
    dag: first48(dagHash(trace.dag)),
    text: positionalText(trace),
  }));
  return {
    traces,
    stride,
    binary: new Uint8Array(binary.buffer, binary.byteOffset, binary.length),
  };
}

function listedOf(trace: Trace, row: number): Parameters<VectorIndex['add']>[0] {
  const { tenant, region, slice, createdMs, shareable, vector } = trace;
  return {
    row,
    tenant,
    region,
    slice,
    createdMs,
    shareable,
    vector,
    reward: trace.realisedUtility,
    idHigh: Number.parseInt(trace.id.slice(0, 8), 16),
    idLow: Number.parseInt(trace.id.slice(8, 16), 16),
    uses: 0,
    usedMs: 0,
  };
}
