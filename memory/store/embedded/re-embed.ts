import { setImmediate as nextTurn } from 'node:timers/promises';
import { admitted } from '#memory/store/admission.ts';
import type { Space } from '#memory/store/admission.ts';
import type { Reembed } from '#memory/store/trace-store.ts';
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

/** Gives every trace of another encoder a vector of this space, then the file to the space. */
export async function reembedAll(
  reader: FileReader,
  writer: Writer,
  space: Space,
  reembed: Reembed,
): Promise<void> {
  const { dimension, encoderVersion } = space;
  let vectors: { row: number; vector: Uint8Array }[] = [];
  const write = async (): Promise<void> => {
    if (vectors.length > 0) await writer.order({ kind: 'embed', encoderVersion, vectors });
    vectors = [];
  };
  for await (const id of idsOf(reader, undefined, encoderVersion)) {
    const trace = reader.trace(id, undefined);
    const at = reader.rowOf(id);
    if (trace === undefined || at === undefined) continue;
    const { traces } = await admitted([trace], space, reembed);
    const [fresh] = traces;
    if (fresh !== undefined) vectors.push({ row: at.row, vector: bytesOf(fresh.vector) });
    if (vectors.length === PAGE) await write();
  }
  await write();
  await writer.order({ kind: 'space', encoderVersion, dimension });
}
