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
import { withoutMetadata } from '#memory/trace/shared.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { Connection, whole } from './connection.ts';
import type { Row } from './connection.ts';
import { INDEX, dialectOf } from './dialect.ts';
import type { Dialect } from './dialect.ts';
import { nearest } from './nearest.ts';
import { neighboursOf } from './neighbours.ts';
import { PAGE, pages } from './pages.ts';
import { reembedAll } from './re-embed.ts';
import { CREATE, FORGET_SCENES, KNOWN, VISIBLE, rowOf, traceOf } from './record.ts';
import { statisticsOf } from './statistics.ts';
import { victimsOf } from './victims.ts';

/** Traces in one transaction. */
const BATCH = 256;
/** How a memory on a server is opened. */
export interface BoltOptions {
  /** `bolt://[user:password@]host:port`. */
  readonly url: string;
  readonly space?: Space;
  /** Embeds traces of another encoder again: those that are put, and in the background those of the server. */
  readonly reembed?: Reembed;
  readonly onProgress?: Progress;
  readonly readOnly?: boolean;
}

/**
 * Opens the memory on a Memgraph or Neo4j server. Its vector index finds candidates, their exact similarities are computed here.
 * Throws `MemoryUnavailable` within seconds when the server does not answer.
 */
export async function openBolt(options: BoltOptions): Promise<TraceStore> {
  const connection = new Connection(options.url);
  try {
    const dialect = dialectOf(await connection.agent());
    const kept = await spaceOf(connection);
    const space = options.space ?? kept;
    if (space === undefined)
      throw new MemoryUnavailable(`${connection.where}: no memory there; import traces to make one`);
    const store = new BoltStore(connection, dialect, space, options);
    if (options.readOnly !== true) await store.prepare(kept);
    return store;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function spaceOf(connection: Connection): Promise<Space | undefined> {
  const [m] = await connection.read(
    'MATCH (m:Memory) RETURN m.dimension AS dimension, m.encoderVersion AS encoderVersion',
  );
  return m === undefined
    ? undefined
    : { dimension: Number(m['dimension']), encoderVersion: String(m['encoderVersion']) };
}

/** Use `openBolt`. */
class BoltStore implements TraceStore {
  readonly #connection: Connection;
  readonly #dialect: Dialect;
  readonly #space: Space;
  readonly #reembed: Reembed | undefined;
  readonly #onProgress: Progress | undefined;
  readonly #readOnly: boolean;
  readonly #closing = new AbortController();
  #settled: Promise<void> = Promise.resolve();
  readonly #touched = new Map<string, { uses: number; usedMs: number }>();

  constructor(connection: Connection, dialect: Dialect, space: Space, options: BoltOptions) {
    const { reembed, onProgress, readOnly = false } = options;
    this.#connection = connection;
    this.#dialect = dialect;
    this.#space = space;
    this.#reembed = reembed;
    this.#onProgress = onProgress;
    this.#readOnly = readOnly;
  }

  /** Schema, vector index and what the memory is for; a change of encoder leaves old vectors out of the index, or makes new ones. */
  async prepare(kept: Space | undefined): Promise<void> {
    const { dimension, encoderVersion } = this.#space;
    for (const statement of this.#dialect.schema()) await this.#connection.statement(statement);
    const indexes = await this.#connection.statement(this.#dialect.vectorIndexes);
    const there = indexes.some((r) => r['name'] === INDEX);
    const changed =
      kept !== undefined && (kept.encoderVersion !== encoderVersion || kept.dimension !== dimension);
    if (changed)
      await this.#inPages('t.encoderVersion <> $encoder AND t.embedding IS NOT NULL', 'REMOVE t.embedding');
    // An index without a memory is of one that was taken away.
    const isOther = changed || kept === undefined;
    if (there && isOther) await this.#connection.statement(this.#dialect.dropVectorIndex);
    if (!there || isOther) await this.#connection.statement(this.#dialect.createVectorIndex(dimension));
    const memory =
      'MERGE (m:Memory {name: "edgeloom"}) SET m.dimension = $dimension, m.encoderVersion = $encoder';
    await this.#connection.write([[memory, { dimension: whole(dimension), encoder: encoderVersion }]]);
    await this.#settle();
    if (this.#reembed === undefined) return;
    this.#settled = reembedAll({
      connection: this.#connection,
      space: this.#space,
      reembed: this.#reembed,
      onProgress: this.#onProgress,
      signal: this.#closing.signal,
    }).then(() => this.#settle());
    // Who waits is told; nobody has to.
    this.#settled.catch(() => undefined);
  }

  settled(): Promise<void> {
    return this.#settled;
  }

  async put(traces: readonly Trace[]): Promise<Added> {
    this.#mustWrite();
    const ready = await admitted(traces, this.#space, this.#reembed);
    const distinct = [...new Map(ready.traces.map((t) => [t.id, t])).values()];
    let added = 0;
    for (let at = 0; at < distinct.length; at += BATCH) {
      const batch = distinct.slice(at, at + BATCH);
      const known = new Set(
        (await this.#connection.read(KNOWN, { ids: batch.map((t) => t.id) })).map((r) => r['id']),
      );
      const rows = batch.filter((t) => !known.has(t.id)).map(rowOf);
      if (rows.length > 0) await this.#connection.write(CREATE.map((cypher) => [cypher, { rows }] as const));
      added += rows.length;
    }
    await this.#settle();
    return { added, known: traces.length - added, reembedded: ready.reembedded };
  }

  async admit(tenant: string): Promise<void> {
    this.#mustWrite();
    await this.#connection.write([['MERGE (:Tenant {name: $tenant})', { tenant }]]);
  }

  async knn(vector: ArrayLike<number>, k: number, filter: Filter): Promise<readonly Hit[]> {
    await this.#mustKnow(filter.tenant);
    const query = checkedQuery(vector, k, filter.encoderVersion, this.#space);
    return nearest(this.#connection, this.#dialect, query, k, filter);
  }

  async get(tenant: string, ids: readonly string[]): Promise<readonly Trace[]> {
    await this.#mustKnow(tenant);
    const rows = await this.#connection.read(
      `MATCH (t:Trace) WHERE t.id IN $ids AND ${VISIBLE} RETURN t {.id, .tenant, .encoderVersion, .payload, .vector} AS t`,
      { ids: [...ids], tenant },
    );
    const found = new Map(rows.map((r) => [String((r['t'] as Row)['id']), r['t'] as Row]));
    return ids.flatMap((id) => {
      const row = found.get(id);
      if (row === undefined) return [];
      return [row['tenant'] === tenant ? traceOf(row) : withoutMetadata(traceOf(row))];
    });
  }

  async neighbours(tenant: string, id: string): Promise<Neighbours | undefined> {
    const [trace] = await this.get(tenant, [id]);
    if (trace === undefined) return undefined;
    return neighboursOf(this.#connection, tenant, trace);
  }

  touch(ids: readonly string[], nowMs: number): void {
    for (const id of ids)
      this.#touched.set(id, { uses: (this.#touched.get(id)?.uses ?? 0) + 1, usedMs: nowMs });
  }

  async remove(ids: readonly string[]): Promise<number> {
    this.#mustWrite();
    let removed = 0;
    for (let at = 0; at < ids.length; at += PAGE) {
      const page = ids.slice(at, at + PAGE);
      const [known] = await this.#connection.read(
        'MATCH (t:Trace) WHERE t.id IN $page RETURN count(t) AS n',
        { page },
      );
      await this.#connection.write([['MATCH (t:Trace) WHERE t.id IN $page DETACH DELETE t', { page }]]);
      removed += Number(known?.['n']);
    }
    if (removed > 0) await this.#connection.write([[FORGET_SCENES, {}]]);
    await this.#settle();
    return removed;
  }

  async expire(policy: ExpiryPolicy): Promise<Expired> {
    this.#mustWrite();
    await this.#flush();
    let aged = 0;
    let evicted = 0;
    for (const region of (await this.stats()).shards.keys()) {
      const gone = await victimsOf(this.#connection, this.#space, region, policy);
      aged += await this.remove(gone.aged);
      evicted += await this.remove(gone.evicted);
    }
    return { aged, evicted };
  }

  async stats(): Promise<Stats> {
    return statisticsOf(this.#connection, this.#space);
  }

  async *export(tenant: string | undefined): AsyncIterable<Trace> {
    const whose = tenant === undefined ? 'true' : 't.tenant = $tenant';
    yield* pages(this.#connection, whose, { tenant: tenant ?? null });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#settled.catch(() => undefined);
    if (!this.#readOnly) await this.#flush().catch(() => undefined);
    await this.#connection.close();
  }

  /** Changes the traces that a condition holds for, a page a transaction, until it holds for none. */
  async #inPages(condition: string, change: string): Promise<void> {
    const cypher = `MATCH (t:Trace) WHERE ${condition} WITH t LIMIT ${PAGE} ${change} RETURN count(t) AS n`;
    for (;;) {
      const [row] = await this.#connection.write([[cypher, { encoder: this.#space.encoderVersion }]]);
      if (Number(row?.['n'] ?? 0) === 0) return;
    }
  }

  async #flush(): Promise<void> {
    const uses = [...this.#touched].map(([id, { uses, usedMs }]) => ({
      id,
      uses: whole(uses),
      usedMs: whole(usedMs),
    }));
    this.#touched.clear();
    if (uses.length === 0) return;
    const cypher =
      'UNWIND $uses AS u MATCH (t:Trace {id: u.id}) SET t.uses = t.uses + u.uses, t.usedMs = u.usedMs';
    await this.#connection.write([[cypher, { uses }]]);
  }

  async #settle(): Promise<void> {
    if (this.#dialect.settle !== '') await this.#connection.statement(this.#dialect.settle);
  }

  async #mustKnow(tenant: string): Promise<void> {
    const known = await this.#connection.read('MATCH (n:Tenant {name: $tenant}) RETURN n.name AS name', {
      tenant,
    });
    if (known.length === 0) throw new UnknownTenant(tenant);
  }

  #mustWrite(): void {
    if (this.#readOnly) throw new MemoryUnavailable(`${this.#connection.where}: opened to read only`);
  }
}
