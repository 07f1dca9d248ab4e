import { embeddedAgain } from '#memory/store/admission.ts';
import type { Space } from '#memory/store/admission.ts';
import type { Progress, Reembed } from '#memory/store/trace-store.ts';
import type { Connection, Row } from './connection.ts';
import { PAGE, pages } from './pages.ts';
import { vectorText } from './record.ts';

/** What embedding again works with. */
export interface Embedding {
  readonly connection: Connection;
  readonly space: Space;
  readonly reembed: Reembed;
  readonly onProgress?: Progress | undefined;
  readonly signal: AbortSignal;
}

/** Gives every trace of another encoder that says enough a vector of the space, a page at a time: each is found from then on. */
export async function reembedAll(embedding: Embedding): Promise<void> {
  const { connection, space, reembed, onProgress, signal } = embedding;
  const { encoderVersion: encoder, dimension } = space;
  const [stale] = await connection.read(
    'MATCH (t:Trace) WHERE t.encoderVersion <> $encoder RETURN count(t) AS n',
    { encoder },
  );
  const total = Number(stale?.['n'] ?? 0);
  let done = 0;
  let left = 0;
  let rows: Row[] = [];
  const write = async (): Promise<void> => {
    if (rows.length > 0) await connection.write([[SET, { rows, encoder }]]);
    rows = [];
    onProgress?.(done, Math.max(done, total), left);
  };
  for await (const trace of pages(connection, 't.encoderVersion <> $encoder', { encoder })) {
    if (signal.aborted) break;
    const vector = await embeddedAgain(trace, reembed, dimension);
    done++;
    if (vector === undefined) left++;
    else rows.push({ id: trace.id, vector: vectorText(vector), embedding: [...vector] });
    if (done % PAGE === 0) await write();
  }
  await write();
}

const SET = `UNWIND $rows AS row MATCH (t:Trace {id: row.id})
  SET t.encoderVersion = $encoder, t.vector = row.vector, t.embedding = row.embedding`;
