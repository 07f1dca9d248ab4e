import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { DamagedMemory } from '#memory/store/errors.ts';
import type { Space } from '#memory/store/admission.ts';

/** `EDGM`: what a file of ours says it is. */
const APPLICATION_ID = 0x4544_474d;
/** Version of the tables. */
const SCHEMA_VERSION = 1;

/** `key` and `dag` are the first 48 bits of hashes: short indexes, of which little has to be written; `id` decides. */
const TABLES = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE names (name INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
  CREATE TABLE tenants (name INTEGER PRIMARY KEY REFERENCES names);
  CREATE TABLE traces (
    row INTEGER PRIMARY KEY,
    key INTEGER NOT NULL,
    id BLOB NOT NULL,
    tenant INTEGER NOT NULL REFERENCES names,
    region INTEGER NOT NULL REFERENCES names,
    slice INTEGER NOT NULL REFERENCES names,
    encoder INTEGER NOT NULL REFERENCES names,
    created INTEGER NOT NULL,
    reward REAL NOT NULL,
    shareable INTEGER NOT NULL,
    uses INTEGER NOT NULL DEFAULT 0,
    used INTEGER NOT NULL DEFAULT 0,
    dag INTEGER NOT NULL,
    replan BLOB,
    vector BLOB NOT NULL
  );
  CREATE INDEX by_id ON traces (key);
  CREATE INDEX same_dag ON traces (dag, created);
  CREATE INDEX replans ON traces (replan) WHERE replan IS NOT NULL;
  CREATE TABLE payloads (row INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
`;

/** Tables and columns that files of before lack; the first that writes makes them, and programs of before go on without. */
export function addLater(db: DatabaseSync): void {
  // `removed`: rows to look at again, in order, for processes that read. `scenes`: what contexts share, and how many traces have each.
  db.exec(`
    CREATE TABLE IF NOT EXISTS removed (step INTEGER PRIMARY KEY AUTOINCREMENT, row INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS scenes (scene INTEGER PRIMARY KEY, key INTEGER NOT NULL, id BLOB NOT NULL, bytes BLOB NOT NULL);
    CREATE INDEX IF NOT EXISTS scene_by_id ON scenes (key);
    CREATE TABLE IF NOT EXISTS scene_uses (scene INTEGER PRIMARY KEY REFERENCES scenes, traces INTEGER NOT NULL);
  `);
  if (hasContexts(db)) return;
  for (const column of ['columns INTEGER', 'scene INTEGER', 'own BLOB'])
    db.exec(`ALTER TABLE payloads ADD COLUMN ${column}`);
}

/** Whether the file keeps what encoders looked at. */
export const hasContexts = (db: DatabaseSync): boolean =>
  db.prepare("SELECT 1 FROM pragma_table_info('payloads') WHERE name = 'own'").get() !== undefined;

/** Removals that are remembered; who has missed more reads the file anew. */
export const MOST_REMOVED = 65_536;

/** A connection to a memory file that is there; throws `DamagedMemory` when it is no memory, or one this version cannot read. */
export function openFile(path: string, readOnly: boolean): DatabaseSync {
  refuseOther(path);
  try {
    const db = new DatabaseSync(path, { readOnly, timeout: 5000 });
    const version = pragma(db, 'user_version');
    if (version > SCHEMA_VERSION) {
      db.close();
      throw new DamagedMemory(
        path,
        `written by a later version (tables ${version})`,
        'use that version, or another file',
      );
    }
    // Vectors and payloads are read at random: let the system's cache serve them.
    db.exec('PRAGMA mmap_size = 4294967296; PRAGMA cache_size = -65536;');
    return db;
  } catch (error) {
    throw damaged(path, error);
  }
}

/** Makes the tables when the file has none; what it was made for. */
export function prepareFile(path: string, space: Space): Space {
  if (readHead(path).length > 0) refuseOther(path);
  const db = new DatabaseSync(path, { timeout: 5000 });
  try {
    db.exec(
      'PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;',
    );
    db.exec('BEGIN IMMEDIATE');
    if (pragma(db, 'user_version') === 0) {
      db.exec(TABLES);
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
      const put = db.prepare('INSERT INTO meta (key, value) VALUES (?, ?)');
      put.run('dimension', String(space.dimension));
      put.run('encoderVersion', space.encoderVersion);
    }
    db.exec('COMMIT');
    return spaceOf(db);
  } catch (error) {
    throw damaged(path, error);
  } finally {
    db.close();
  }
}

/** What the vectors of a file are. */
export function spaceOf(db: DatabaseSync): Space {
  const meta = new Map(
    db
      .prepare('SELECT key, value FROM meta')
      .all()
      .map((r) => [String(r['key']), String(r['value'])]),
  );
  return { dimension: Number(meta.get('dimension')), encoderVersion: meta.get('encoderVersion') ?? '' };
}

/** Number that a pragma says. */
export function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);
}

/** SQLite's complaint about the file, in words that say what to do; other errors as they are. */
export function damaged(path: string, error: unknown): unknown {
  const code = (error as { errcode?: number }).errcode ?? 0;
  const CORRUPT = 11;
  const NOT_A_DATABASE = 26;
  if ((code & 0xff) !== CORRUPT && (code & 0xff) !== NOT_A_DATABASE) return error;
  return new DamagedMemory(
    path,
    `the file is damaged or cut short (${(error as Error).message})`,
    'move it away and import a backup made with "edgeloom memory export"',
    { cause: error },
  );
}

function refuseOther(path: string): void {
  const head = readHead(path);
  if (head.length === 0)
    throw new DamagedMemory(
      path,
      'no such memory',
      'check the path, or make one with "edgeloom memory import"',
    );
  if (head.length < 100)
    throw new DamagedMemory(
      path,
      'the file is damaged or cut short',
      'move it away and import a backup made with "edgeloom memory export"',
    );
  const text = head.subarray(0, 15).toString('latin1');
  if (text !== 'SQLite format 3' || head.readUInt32BE(68) !== APPLICATION_ID) {
    throw new DamagedMemory(path, 'it is no memory of edgeloom', 'name another file');
  }
}

function readHead(path: string): Buffer {
  if (!existsSync(path)) return Buffer.alloc(0);
  const head = Buffer.alloc(100);
  const file = openSync(path, 'r');
  try {
    return head.subarray(0, readSync(file, head, 0, head.length, 0));
  } finally {
    closeSync(file);
  }
}
