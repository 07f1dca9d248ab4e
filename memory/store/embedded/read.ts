import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { COLUMNS_DIGEST } from '#memory/context/context.ts';
import type { Context } from '#memory/context/context.ts';
import { expand } from '#memory/trace/compact.ts';
import { withoutMetadata } from '#memory/trace/shared.ts';
import type { Trace } from '#memory/trace/trace.ts';
import type { Listed, Located } from './index.ts';
import { hasContexts } from './schema.ts';
import { LISTED, bytes, floats, hex, keyOf, listedOf } from './lines.ts';
import type { Line } from './lines.ts';

/** Everything the store reads from its file. */
export class FileReader {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #names = new Map<number, string>();
  #contexts = false;

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

  /** Traces of other encoders, and those of them that keep what this program's encoders look at. */
  stale(encoderVersion: string): { stale: number; embeddable: number } {
    const from = 'FROM traces t JOIN names e ON e.name = t.encoder';
    const count = (join: string, ...values: string[]): number =>
      Number(
        this.#sql(`SELECT count(*) c ${from} ${join} WHERE e.text <> ?`).get(...values, encoderVersion)?.[
          'c'
        ],
      );
    const stale = count('');
    if (stale === 0 || !this.#hasContexts()) return { stale, embeddable: 0 };
    const join = 'JOIN payloads p ON p.row = t.row JOIN names n ON n.name = p.columns AND n.text = ?';
    return { stale, embeddable: count(join, COLUMNS_DIGEST) };
  }

  /** What the encoder of a row's trace looked at, when that was kept. */
  context(row: number): Context | undefined {
    if (!this.#hasContexts()) return undefined;
    const found = this.#sql(
      `SELECT n.text columns, s.bytes scene, p.own FROM payloads p JOIN scenes s ON s.scene = p.scene
       JOIN names n ON n.name = p.columns WHERE p.row = ?`,
    ).get(row);
    if (found === undefined) return undefined;
    const { columns, scene, own } = found;
    if (!(scene instanceof Uint8Array) || !(own instanceof Uint8Array)) return undefined;
    return { columns: String(columns), scene, own };
  }

  /** Files of before have none until they are written to. */
  #hasContexts(): boolean {
    this.#contexts ||= hasContexts(this.#db);
    return this.#contexts;
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

  /** As `trace`, with what its encoder looked at; for who owns it. */
  whole(id: string): { readonly row: number; readonly trace: Trace } | undefined {
    const trace = this.#read(id);
    const row = this.rowOf(id)?.row;
    if (trace === undefined || row === undefined) return undefined;
    const context = this.context(row);
    return { row, trace: context === undefined ? trace : { ...trace, context } };
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
