import { embeddedAgain } from '#memory/store/admission.ts';
import type { Space } from '#memory/store/admission.ts';
import type { Progress, Reembed } from '#memory/store/trace-store.ts';
import type { Connection } from './connection.ts';
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

/** Gives every trace of another encoder that says enough a vector of the space, one by one: each is found from then on. */
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
  for await (const trace of pages(connection, 't.encoderVersion <> $encoder', { encoder })) {
    if (signal.aborted) return;
    const vector = await embeddedAgain(trace, reembed, dimension);
    if (vector === undefined) left++;
    else {
      const set =
        'MATCH (t:Trace {id: $id}) SET t.encoderVersion = $encoder, t.vector = $vector, t.embedding = $embedding';
      const values = { id: trace.id, encoder, vector: vectorText(vector), embedding: [...vector] };
      await connection.write([[set, values]]);
    }
    done++;
    if (done % PAGE === 0) onProgress?.(done, Math.max(done, total), left);
  }
  onProgress?.(done, done, left);
}
