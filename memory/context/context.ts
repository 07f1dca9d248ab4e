import { createHash } from 'node:crypto';
import { COLUMNS, GRID, WINDOW } from '#memory/encoders/features/columns.ts';

/** Version of the bytes of a context. */
export const CONTEXT_VERSION = 1;

/** Longest scene and longest rest of one trace, bytes as they are kept. */
export const LARGEST_SCENE_BYTES = 512 * 1024;
export const LARGEST_OWN_BYTES = 32 * 1024;

/** What the numbers of a context mean: changes when the columns do, whatever the encoder. */
export const COLUMNS_DIGEST = createHash('sha256')
  .update(JSON.stringify([COLUMNS, GRID, WINDOW]))
  .digest('hex')
  .slice(0, 12);

/**
 * What an encoder looked at, so that another encoder can look again: features before they are normalised, as 16-bit numbers. Most of
 * it is a scene that many traces share (a world at a time); the rest is the trace's own, with what differs from the scene.
 */
export interface Context {
  /** `COLUMNS_DIGEST` of the program that wrote it; of other columns it cannot be read. */
  readonly columns: string;
  readonly scene: Uint8Array;
  readonly own: Uint8Array;
}
