import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { lockOf } from './lock.ts';
import type { Answer, Order, Slice, Written } from './order.ts';
import { MOST_REMOVED, addLater, openFile } from './schema.ts';
import { ID_BYTES } from './segment.ts';

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
    addLater(this.#db);
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
          rows: order.slices.flatMap((slice) => this.#putAll(slice)),
        };
      case 'admit':
        this.#admit(this.#name(order.tenant));
        break;
      case 'embed':
        for (const { row, key, vector } of order.vectors) {
          // The row may have become another trace's.
          this.#sql('UPDATE traces SET vector = ?, encoder = ? WHERE row = ? AND key = ?').run(
            vector,
            this.#name(order.encoderVersion),
            row,
            key,
          );
          // Who reads looks at it again.
          this.#sql('INSERT INTO removed (row) VALUES (?)').run(row);
        }
        this.#forget();
        break;
      case 'space':
        this.#sql("UPDATE meta SET value = ? WHERE key = 'encoderVersion'").run(order.encoderVersion);
        this.#sql("UPDATE meta SET value = ? WHERE key = 'dimension'").run(String(order.dimension));
        break;
      case 'remove':
        for (const row of order.rows) {
          this.#sql('DELETE FROM traces WHERE row = ?').run(row);
          this.#leaveScene(row);
          this.#sql('DELETE FROM payloads WHERE row = ?').run(row);
          this.#sql('INSERT INTO removed (row) VALUES (?)').run(row);
        }
        this.#forget();
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

  #putAll({ traces, binary, stride, payloads, scenes, contexts }: Slice): number[] {
    const uses = new Map<number, number>();
    const known = new Map<number, number>();
    const rows = traces.map((t, i) => {
      const row = this.#put(t, binary.subarray(i * stride, (i + 1) * stride));
      if (row < 0) return row;
      const payload = payloads.subarray(traces[i - 1]?.end ?? 0, t.end);
      const { context } = t;
      const scene = context === undefined ? undefined : scenes[context.scene];
      if (context === undefined || scene === undefined) {
        this.#sql('INSERT INTO payloads (row, bytes) VALUES (?, ?)').run(row, payload);
        return row;
      }
      const at = known.get(context.scene) ?? this.#scene(scene);
      known.set(context.scene, at);
      uses.set(at, (uses.get(at) ?? 0) + 1);
      this.#sql('INSERT INTO payloads (row, bytes, columns, scene, own) VALUES (?, ?, ?, ?, ?)').run(
        row,
        payload,
        this.#name(context.columns),
        at,
        contexts.subarray(context.from, context.end),
      );
      return row;
    });
    for (const [scene, count] of uses) {
      this.#sql(
        `INSERT INTO scene_uses (scene, traces) VALUES (?, ?)
         ON CONFLICT (scene) DO UPDATE SET traces = traces + excluded.traces`,
      ).run(scene, count);
    }
    return rows;
  }

  /** Number of a scene, which is kept once. */
  #scene({ id, key, bytes }: Slice['scenes'][number]): number {
    const there = this.#sql('SELECT scene FROM scenes WHERE key = ? AND id = ?').get(key, id);
    if (there !== undefined) return Number(there['scene']);
    const insert = this.#sql('INSERT INTO scenes (key, id, bytes) VALUES (?, ?, ?)');
    return Number(insert.run(key, id, bytes).lastInsertRowid);
  }

  /** The scene that no other trace has goes with a trace. */
  #leaveScene(row: number): void {
    const scene = this.#sql('SELECT scene FROM payloads WHERE row = ?').get(row)?.['scene'];
    if (scene === undefined || scene === null) return;
    this.#sql('UPDATE scene_uses SET traces = traces - 1 WHERE scene = ?').run(scene);
    const used = this.#sql('SELECT traces FROM scene_uses WHERE scene = ?').get(scene)?.['traces'];
    if (Number(used) > 0) return;
    this.#sql('DELETE FROM scene_uses WHERE scene = ?').run(scene);
    this.#sql('DELETE FROM scenes WHERE scene = ?').run(scene);
  }

  #forget(): void {
    this.#sql('DELETE FROM removed WHERE step <= (SELECT max(step) FROM removed) - ?').run(MOST_REMOVED);
  }

  #put(t: Written, binary: Uint8Array): number {
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
    return Number(lastInsertRowid);
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
