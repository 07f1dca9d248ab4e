import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Trace } from '#memory/trace/trace.ts';
import { sliceOf } from './slices.ts';
import type { Slice } from './order.ts';
import type { Writer } from './writer.ts';

/** Traces in one transaction: the more, the fewer pages of the id index are written twice. */
const BATCH = 2048;
/** Traces made ready between two breaths: what a query that comes meanwhile waits for. */
const READIED = 64;
/** Batches on their way to the writing thread at a time. */
const IN_FLIGHT = 2;

/**
 * Writes traces, a transaction for each batch; `written` is told of each batch that is on the disk, with its rows, and counts the
 * new. Queries run between slices. Resolves to the number that were new.
 */
export async function writeAll(
  writer: Writer,
  traces: readonly Trace[],
  dimension: number,
  written: (batch: readonly Trace[], rows: readonly number[]) => number,
): Promise<number> {
  let added = 0;
  const inFlight: Promise<number>[] = [];
  for (let at = 0; at < traces.length; at += BATCH) {
    const done = writeBatch(traces.slice(at, at + BATCH));
    // Awaited below; an earlier batch that fails must not leave this one without a listener.
    done.catch(() => undefined);
    inFlight.push(done);
    if (inFlight.length >= IN_FLIGHT) added += (await inFlight.shift()) ?? 0;
  }
  for (const done of inFlight) added += await done;
  return added;

  async function writeBatch(batch: readonly Trace[]): Promise<number> {
    const slices: Slice[] = [];
    for (let at = 0; at < batch.length; at += READIED) {
      if (at > 0) await nextTurn();
      slices.push(sliceOf(batch.slice(at, at + READIED), dimension));
    }
    const { rows = [] } = await writer.order({ kind: 'put', slices });
    return written(batch, rows);
  }
}
