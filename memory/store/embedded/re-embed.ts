import { setImmediate as nextTurn } from 'node:timers/promises';
import { embeddedAgain } from '#memory/store/admission.ts';
import type { Space } from '#memory/store/admission.ts';
import type { Progress, Reembed } from '#memory/store/trace-store.ts';
import { keyOf } from './lines.ts';
import type { FileReader } from './read.ts';
import { bytesOf } from './slices.ts';
import type { Writer } from './writer.ts';

/** Traces of a page, and that are embedded again in one transaction. */
const PAGE = 64;

/** Ids in pages, in order: the file may change meanwhile. */
export async function* idsOf(
  reader: FileReader,
  tenant: string | undefined,
  otherThan: string | undefined,
): AsyncGenerator<string> {
  for (let after = ''; ;) {
    const page = reader.idsAfter(after, tenant, otherThan, PAGE);
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last;
    await nextTurn();
  }
}

/** What embedding again works with. */
export interface Embedding {
  readonly reader: FileReader;
  readonly writer: Writer;
  readonly space: Space;
  readonly reembed: Reembed;
  readonly onProgress?: Progress | undefined;
  /** Told of the rows that have got their vectors, which are on the disk. */
  readonly ready: (rows: readonly number[]) => void;
  /** It stops when this aborts, between two traces. */
  readonly signal: AbortSignal;
}

interface Fresh {
  readonly row: number;
  readonly key: number;
  readonly vector: Uint8Array;
}

/**
 * Gives the file to the space, and every trace of another encoder that says enough a vector of it, in slices between which queries run.
 * Broken off, it goes on with the next opening: the file is always one that can be read.
 */
export async function reembedAll(embedding: Embedding): Promise<void> {
  const { reader, writer, space, reembed, onProgress, ready, signal } = embedding;
  const { dimension, encoderVersion } = space;
  const { stale } = reader.stale(encoderVersion);
  await writer.order({ kind: 'space', encoderVersion, dimension });
  let vectors: Fresh[] = [];
  let done = 0;
  let left = 0;
  const write = async (): Promise<void> => {
    const written = vectors.splice(0);
    vectors = [];
    if (written.length > 0) await writer.order({ kind: 'embed', encoderVersion, vectors: written });
    if (!signal.aborted) ready(written.map(({ row }) => row));
    onProgress?.(done, Math.max(done, stale), left);
  };
  for await (const id of idsOf(reader, undefined, encoderVersion)) {
    if (signal.aborted) break;
    const found = reader.whole(id);
    const vector = found === undefined ? undefined : await embeddedAgain(found.trace, reembed, dimension);
    done++;
    if (found === undefined || vector === undefined) left++;
    else vectors.push({ row: found.row, key: keyOf(id), vector: bytesOf(vector) });
    if (done % PAGE === 0) await write();
    if (signal.aborted) break;
  }
  await write();
}
