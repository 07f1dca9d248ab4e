import { existsSync } from 'node:fs';
import type { Space } from '#memory/store/admission.ts';
import { openStore } from '#memory/store/open.ts';
import type { OpenOptions } from '#memory/store/open.ts';
import type { Progress } from '#memory/store/trace-store.ts';

/** What a memory that is there holds vectors of; undefined when there is none. */
export async function keptSpace(where: string): Promise<Space | undefined> {
  if (!where.includes('://') && !existsSync(where)) return undefined;
  const store = await openStore(where, { readOnly: true }).catch((error: unknown) => {
    if (error instanceof Error && /no memory there/.test(error.message)) return undefined;
    throw error;
  });
  if (store === undefined) return undefined;
  const { dimension, encoderVersion } = await store.stats();
  await store.close();
  return { dimension, encoderVersion };
}

/** How a memory is opened for the encoder that comes with the program; `done` when the encoder is no longer needed. */
export async function shippedEncoder(): Promise<{
  readonly options: Required<Pick<OpenOptions, 'space' | 'reembed' | 'onProgress'>>;
  readonly done: () => Promise<void>;
}> {
  const { Encoder, SHIPPED } = await import('#memory/encoders/encoder.ts');
  const { DIMENSION } = await import('#memory/encoders/network/encoder-network.ts');
  const { TAG } = await import('#memory/encoders/query.ts');
  const { reembedWith } = await import('#memory/context/re-embed.ts');
  const encoder = await Encoder.open(SHIPPED);
  const space = { dimension: DIMENSION + 2 * TAG, encoderVersion: encoder.version };
  return {
    options: { space, reembed: reembedWith(encoder), onProgress: progress },
    done: () => encoder.close(),
  };
}

/** A line that is written over where a person looks on. */
const progress: Progress = (done, total) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total}${done === total ? '\n' : ''}`);
};
