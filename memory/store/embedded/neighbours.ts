import type { DatabaseSync } from 'node:sqlite';
import { MOST_NEIGHBOURS } from '#memory/store/trace-store.ts';
import type { Neighbours } from '#memory/store/trace-store.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { bytes, hex, keyOf } from './lines.ts';

/** What a trace, as the tenant sees it, is tied to in the file. */
export function neighboursOf(db: DatabaseSync, tenant: string, trace: Trace): Neighbours {
  const { id, replanOf } = trace;
  const ids = (where: string, order: string): string[] =>
    db
      .prepare(
        `SELECT o.id FROM traces t JOIN traces o ON ${where} JOIN names n ON n.name = o.tenant
         WHERE t.key = ?1 AND t.id = ?2 AND o.row <> t.row AND (n.text = ?3 OR o.shareable = 1) ORDER BY ${order} LIMIT ${MOST_NEIGHBOURS}`,
      )
      .all(keyOf(id), bytes(id), tenant)
      .map((r) => hex(r['id'] as Uint8Array));
  return {
    sameDag: ids('o.dag = t.dag', 'o.created DESC, o.id'),
    replanOf: replanOf === undefined ? undefined : visible(db, tenant, replanOf),
    replannedBy: ids('o.replan = t.id', 'o.id'),
    placedOn: [...new Set(trace.map.placements.map((p) => p.node))].sort(),
  };
}

/** The id, when the tenant may see the trace. */
function visible(db: DatabaseSync, tenant: string, id: string): string | undefined {
  const found = db
    .prepare(
      `SELECT 1 FROM traces t JOIN names n ON n.name = t.tenant
       WHERE t.key = ? AND t.id = ? AND (n.text = ? OR t.shareable = 1)`,
    )
    .get(keyOf(id), bytes(id), tenant);
  return found === undefined ? undefined : id;
}
