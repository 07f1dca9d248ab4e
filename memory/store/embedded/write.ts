import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { MemoryUnavailable } from '#memory/store/errors.ts';
import { MOST_REMOVED, REMOVED, openFile, pragma } from './schema.ts';
import { ID_BYTES } from './segment.ts';

/** What the thread that writes is asked to do. */
export type Order =
  | { readonly kind: 'put'; readonly slices: readonly Slice[] }
  | { readonly kind: 'admit'; readonly tenant: string }
  | {
      readonly kind: 'embed';
      readonly encoderVersion: string;
      readonly vectors: readonly { row: number; vector: Uint8Array }[];
    }
  | { readonly kind: 'space'; readonly encoderVersion: string; readonly dimension: number }
  | { readonly kind: 'remove'; readonly rows: readonly number[] }
  | { readonly kind: 'touch'; readonly uses: readonly { row: number; uses: number; usedMs: number }[] }
  | { readonly kind: 'check'; readonly repair: boolean }
  | { readonly kind: 'close' };

/** Traces that were made ready together. */
export interface Slice {
  readonly traces: readonly Written[];
  /** Of each trace its id, the id it replaced (zero: none) and its vector, one after the other: one buffer crosses quicker than many. */
  readonly binary: Uint8Array;
  readonly stride: number;
  /** Records of `compact`, one after the other; each ends at its trace's `end`. */
  readonly payloads: Uint8Array;
}

/** A trace as it crosses to the writing thread. */
export interface Written {
  readonly tenant: string;
  readonly region: string;
  readonly slice: string;
  readonly encoderVersion: string;
  readonly createdMs: number;
  readonly reward: number;
  readonly shareable: boolean;
  readonly replan: boolean;
  /** First 48 bits of the id. */
  readonly key: number;
  /** First 48 bits of the hash of the DAG's structure. */
  readonly dag: number;
  /** Where its record ends in `Slice.payloads`. */
  readonly end: number;
}

/** What an order answers: rows of a `put` (-1: was there already), problems that a `check` found; nothing else. */
export interface Answer {
  readonly rows?: readonly number[];
  readonly problems?: readonly string[];
}

/** The one connection that writes. Every order is one transaction, on the disk when it returns. */
export class FileWriter {
  readonly #db: DatabaseSync;
  readonly #lock: DatabaseSync;
  readonly #names = new Map<string, number>();
  readonly #tenants = new Set<number>();
  readonly #statements = new Map<string, StatementSync>();

  /** Throws `MemoryUnavailable` when another process writes to the file. */
  constructor(path: string) {
    this.#lock = lockOf(path);
    this.#db = openFile(path, false);
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 16000;');
    this.#db.exec(REMOVED);
    for (const r of this.#sql('SELECT name, text FROM names').all())
      this.#names.set(String(r['text']), Number(r['name']));
  }

  run(order: Order): Answer {
    switch (order.kind) {
      case 'check':
        return this.#check(order.repair);
      case 'close':
        this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
        this.#db.close();
        this.#lock.close();
        return {};
      default:
        break;
    }
    this.#sql('BEGIN IMMEDIATE').run();
    try {
      const answer = this.#change(order);
      this.#sql('COMMIT').run();
      return answer;
    } catch (error) {
      if (this.#db.isTransaction) this.#sql('ROLLBACK').run();
      // A name that was rolled back must not be believed.
      this.#names.clear();
      this.#tenants.clear();
      for (const r of this.#sql('SELECT name, text FROM names').all())
        this.#names.set(String(r['text']), Number(r['name']));
      throw error;
    }
  }

  #change(order: Exclude<Order, { kind: 'check' | 'close' }>): Answer {
    switch (order.kind) {
      case 'put':
        return {
          rows: order.slices.flatMap(({ traces, binary, stride, payloads }) =>
            traces.map((t, i) =>
              this.#put(
                t,
                binary.subarray(i * stride, (i + 1) * stride),
                payloads.subarray(traces[i - 1]?.end ?? 0, t.end),
              ),
            ),
          ),
        };
      case 'admit':
        this.#admit(this.#name(order.tenant));
        break;
      case 'embed':
        for (const { row, vector } of order.vectors) {
          this.#sql('UPDATE traces SET vector = ?, encoder = ? WHERE row = ?').run(
            vector,
            this.#name(order.encoderVersion),
            row,
          );
        }
        break;
      case 'space':
        this.#sql("UPDATE meta SET value = ? WHERE key = 'encoderVersion'").run(order.encoderVersion);
        this.#sql("UPDATE meta SET value = ? WHERE key = 'dimension'").run(String(order.dimension));
        break;
      case 'remove':
        for (const row of order.rows) {
          this.#sql('DELETE FROM traces WHERE row = ?').run(row);
          this.#sql('DELETE FROM payloads WHERE row = ?').run(row);
          this.#sql('INSERT INTO removed (row) VALUES (?)').run(row);
        }
        this.#sql('DELETE FROM removed WHERE step <= (SELECT max(step) FROM removed) - ?').run(MOST_REMOVED);
        this.#sql('PRAGMA incremental_vacuum(64)').all();
        break;
      case 'touch':
        for (const { row, uses, usedMs } of order.uses) {
          this.#sql('UPDATE traces SET uses = ?, used = ? WHERE row = ?').run(uses, usedMs, row);
        }
        break;
    }
    return {};
  }

  #put(t: Written, binary: Uint8Array, payload: Uint8Array): number {
    const id = binary.subarray(0, ID_BYTES);
    if (this.#sql('SELECT 1 FROM traces WHERE key = ? AND id = ?').get(t.key, id) !== undefined) return -1;
    const tenant = this.#name(t.tenant);
    this.#admit(tenant);
    const { lastInsertRowid } = this.#sql(
      `INSERT INTO traces (key, id, tenant, region, slice, encoder, created, reward, shareable, dag, replan, vector)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      t.key,
      id,
      tenant,
      this.#name(t.region),
      this.#name(t.slice),
      this.#name(t.encoderVersion),
      t.createdMs,
      t.reward,
      t.shareable ? 1 : 0,
      t.dag,
      t.replan ? binary.subarray(ID_BYTES, 2 * ID_BYTES) : null,
      binary.subarray(2 * ID_BYTES),
    );
    const row = Number(lastInsertRowid);
    this.#sql('INSERT INTO payloads (row, bytes) VALUES (?, ?)').run(row, payload);
    return row;
  }

  #admit(tenant: number): void {
    if (this.#tenants.has(tenant)) return;
    this.#sql('INSERT OR IGNORE INTO tenants (name) VALUES (?)').run(tenant);
    this.#tenants.add(tenant);
  }

  #name(text: string): number {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const name = Number(this.#sql('INSERT INTO names (text) VALUES (?)').run(text).lastInsertRowid);
    this.#names.set(text, name);
    return name;
  }

  /** What SQLite finds wrong; an index that disagrees with its table is built again when asked. */
  #check(repair: boolean): Answer {
    const look = (): string[] =>
      this.#db
        .prepare('PRAGMA integrity_check(20)')
        .all()
        .map((r) => String(r['integrity_check']))
        .filter((line) => line !== 'ok');
    const problems = look();
    if (problems.length === 0 || !repair) return { problems };
    this.#db.exec('REINDEX');
    return { problems: look() };
  }

  #sql(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }
}

/** A second file, locked as long as its process lives: the system frees it even after kill -9. */
function lockOf(path: string): DatabaseSync {
  const lock = new DatabaseSync(`${path}.lock`, { timeout: 200 });
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;');
    pragma(lock, 'user_version');
    return lock;
  } catch (error) {
    lock.close();
    throw new MemoryUnavailable(`${path}: another process writes to this memory; stop it, or read only`, {
      cause: error,
    });
  }
}
