import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { expand } from '#memory/trace/compact.ts';
import { withoutMetadata } from '#memory/trace/shared.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { MOST_NEIGHBOURS } from '#memory/store/trace-store.ts';
import type { Neighbours } from '#memory/store/trace-store.ts';
import type { Listed, Located } from './index.ts';

/** A line of `traces` without its payload, as an array: columns of `LISTED`. */
type Line = readonly (number | string | Uint8Array | null)[];

// No joins: names are looked up here, which halves the time that a start takes.
const LISTED = 'row, id, tenant, region, slice, created, reward, shareable, uses, used, vector';

/** Everything the store reads from its file. */
export class FileReader {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #names = new Map<number, string>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Traces of one encoder of which the row is above `after`, for the index. */
  *listed(encoderVersion: string, after = -1): Generator<Listed> {
    const encoder = this.#encoder(encoderVersion);
    if (encoder === undefined) return;
    const statement = this.#arrays(`SELECT ${LISTED} FROM traces NOT INDEXED WHERE row > ? AND encoder = ?`);
    for (const line of statement.iterate(after, encoder) as Iterable<unknown> as Iterable<Line>)
      yield listedOf(line, this.#names);
  }

  /** One row for the index, when a trace of the encoder is there. */
  listedRow(row: number, encoderVersion: string): Listed | undefined {
    const encoder = this.#encoder(encoderVersion);
    if (encoder === undefined) return undefined;
    const line = this.#arrays(`SELECT ${LISTED} FROM traces WHERE row = ? AND encoder = ?`).get(row, encoder);
    return line === undefined ? undefined : listedOf(line as unknown as Line, this.#names);
  }

  /** Number of an encoder's name, with the names read again: others may have added some. */
  #encoder(version: string): number | undefined {
    this.#names = new Map(
      this.#sql('SELECT name, text FROM names')
        .all()
        .map((r) => [Number(r['name']), String(r['text'])]),
    );
    return [...this.#names].find(([, text]) => text === version)?.[0];
  }

  /** Numbers of traces in all and of the id index: they differ when the index is damaged. */
  counts(): { table: number; index: number } {
    const count = (from: string): number => Number(this.#sql(`SELECT count(*) c FROM ${from}`).get()?.['c']);
    return {
      table: count('traces NOT INDEXED'),
      index: count('traces INDEXED BY by_id'),
    };
  }

  stale(encoderVersion: string): number {
    return Number(
      this.#sql('SELECT count(*) c FROM traces t JOIN names e ON e.name = t.encoder WHERE e.text <> ?').get(
        encoderVersion,
      )?.['c'],
    );
  }

  /** Tenants that have put a trace or were admitted. */
  knownTenants(): string[] {
    return this.#sql('SELECT n.text FROM tenants t JOIN names n ON n.name = t.name')
      .all()
      .map((r) => String(r['text']));
  }

  /** Traces of every known tenant, in order of name; looks at the whole table. */
  tenants(): Map<string, number> {
    const rows = this.#sql(
      `SELECT n.text tenant, coalesce(c.traces, 0) traces FROM tenants t JOIN names n ON n.name = t.name
       LEFT JOIN (SELECT tenant, count(*) traces FROM traces GROUP BY tenant) c ON c.tenant = t.name ORDER BY n.text`,
    ).all();
    return new Map(rows.map((r) => [String(r['tenant']), Number(r['traces'])]));
  }

  rowOf(id: string): { row: number; region: string } | undefined {
    const r = this.#sql(
      'SELECT t.row, r.text region FROM traces t JOIN names r ON r.name = t.region WHERE t.key = ? AND t.id = ?',
    ).get(keyOf(id), bytes(id));
    return r === undefined ? undefined : { row: Number(r['row']), region: String(r['region']) };
  }

  /**
   * As the tenant may see it; whole when no tenant is named. With `at` from the index one lookup in the file suffices instead of
   * three. Nothing decoded is kept: it would outlive its query, and every collection of garbage would copy it.
   */
  trace(
    id: string,
    tenant: string | undefined,
    at?: { readonly located: Located; readonly encoderVersion: string },
  ): Trace | undefined {
    const trace = at === undefined ? this.#read(id) : this.#readAt(id, at.located, at.encoderVersion);
    if (trace === undefined || tenant === undefined || trace.tenant === tenant) return trace;
    return trace.shareable ? withoutMetadata(trace) : undefined;
  }

  #read(id: string): Trace | undefined {
    const line = this.#arrays(
      `SELECT t.encoder, t.vector, p.bytes FROM traces t JOIN payloads p ON p.row = t.row
       WHERE t.key = ? AND t.id = ?`,
    ).get(keyOf(id), bytes(id)) as unknown as Line | undefined;
    const [encoder, vector, payload] = line ?? [];
    if (!(payload instanceof Uint8Array) || !(vector instanceof Uint8Array)) return undefined;
    return { ...expand(payload), id, encoderVersion: this.#nameOf(Number(encoder)), vector: floats(vector) };
  }

  #readAt(id: string, { row, vector }: Located, encoderVersion: string): Trace | undefined {
    const line = this.#arrays('SELECT bytes FROM payloads WHERE row = ?').get(row) as unknown as
      Line | undefined;
    const [payload] = line ?? [];
    return payload instanceof Uint8Array ? { ...expand(payload), id, encoderVersion, vector } : undefined;
  }

  #nameOf(name: number): string {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const text = String(this.#sql('SELECT text FROM names WHERE name = ?').get(name)?.['text'] ?? '');
    this.#names.set(name, text);
    return text;
  }

  /** Ids in order after `after`: pages of an export, or of what is stale. */
  idsAfter(
    after: string,
    tenant: string | undefined,
    otherThanEncoder: string | undefined,
    limit: number,
  ): string[] {
    return this.#sql(
      `SELECT t.id FROM traces t JOIN names n ON n.name = t.tenant JOIN names e ON e.name = t.encoder
       WHERE (t.key, t.id) > (?1, ?2) AND (?3 IS NULL OR n.text = ?3) AND (?4 IS NULL OR e.text <> ?4)
       ORDER BY t.key, t.id LIMIT ?5`,
    )
      .all(after === '' ? -1 : keyOf(after), bytes(after), tenant ?? null, otherThanEncoder ?? null, limit)
      .map((r) => hex(r['id'] as Uint8Array));
  }

  neighbours(tenant: string, id: string): Neighbours | undefined {
    const trace = this.trace(id, tenant);
    if (trace === undefined) return undefined;
    const ids = (where: string, order: string): string[] =>
      this.#sql(
        `SELECT o.id FROM traces t JOIN traces o ON ${where} JOIN names n ON n.name = o.tenant
         WHERE t.key = ?1 AND t.id = ?2 AND o.row <> t.row AND (n.text = ?3 OR o.shareable = 1) ORDER BY ${order} LIMIT ${MOST_NEIGHBOURS}`,
      )
        .all(keyOf(id), bytes(id), tenant)
        .map((r) => hex(r['id'] as Uint8Array));
    return {
      sameDag: ids('o.dag = t.dag', 'o.created DESC, o.id'),
      replanOf: this.#visible(tenant, trace.replanOf),
      replannedBy: ids('o.replan = t.id', 'o.id'),
      placedOn: [...new Set(trace.map.placements.map((p) => p.node))].sort(),
    };
  }

  /** The id, when the tenant may see the trace. */
  #visible(tenant: string, id: string | undefined): string | undefined {
    if (id === undefined) return undefined;
    const found = this.#sql(
      `SELECT 1 FROM traces t JOIN names n ON n.name = t.tenant
       WHERE t.key = ? AND t.id = ? AND (n.text = ? OR t.shareable = 1)`,
    ).get(keyOf(id), bytes(id), tenant);
    return found === undefined ? undefined : id;
  }

  /** A statement whose lines come as arrays. */
  #arrays(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#sql(text);
    statement.setReturnArrays(true);
    return statement;
  }

  #sql(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }
}

/** First 48 bits of an id. */
const keyOf = (id: string): number => Number.parseInt(id.slice(0, 12), 16);
/** An id as the file keeps it. */
const bytes = (id: string): Uint8Array => Buffer.from(id, 'hex');
const hex = (id: Uint8Array): string => Buffer.from(id.buffer, id.byteOffset, id.length).toString('hex');

/** 32-bit floats, little-endian as every machine that Node runs on. */
const floats = (blob: Uint8Array): Float32Array =>
  new Float32Array(blob.buffer.slice(blob.byteOffset, blob.byteOffset + blob.byteLength));

function listedOf(line: Line, names: ReadonlyMap<number, string>): Listed {
  const name = (number: Line[number] | undefined): string => names.get(Number(number)) ?? '';
  const [row, id, tenant, region, slice, created, reward, shareable, uses, used, vector] = line;
  if (!(id instanceof Uint8Array) || !(vector instanceof Uint8Array))
    throw new TypeError('a line of traces has no id or vector');
  return {
    row: Number(row),
    id,
    tenant: name(tenant),
    region: name(region),
    slice: name(slice),
    createdMs: Number(created),
    reward: Number(reward),
    shareable: shareable === 1,
    uses: Number(uses),
    usedMs: Number(used),
    vector:
      vector.byteOffset % 4 === 0
        ? new Float32Array(vector.buffer, vector.byteOffset, vector.length / 4)
        : floats(vector),
  };
}
