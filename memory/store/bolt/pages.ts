import type { Trace } from '#memory/trace/trace.ts';
import type { Connection, Row } from './connection.ts';
import { SCENE, WHOLE, traceOf } from './record.ts';

/** Traces of one page of an export, an expiry, a change of encoder. */
export const PAGE = 64;

/** The traces that a condition holds for in order of id, whole, a page at a time. */
export async function* pages(
  connection: Connection,
  condition: string,
  parameters: Row,
): AsyncGenerator<Trace> {
  for (let after = ''; ;) {
    const rows = await connection.read(
      `MATCH (t:Trace) WHERE t.id > $after AND ${condition} ${SCENE}
       RETURN ${WHOLE} AS t ORDER BY t.id LIMIT ${PAGE}`,
      { after, ...parameters },
    );
    for (const row of rows) yield traceOf(row['t'] as Row);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = String((last['t'] as Row)['id']);
  }
}
