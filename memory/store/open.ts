import { openEmbedded } from './embedded/embedded-store.ts';
import type { Space } from './admission.ts';
import type { Reembed, TraceStore } from './trace-store.ts';

/** How a memory is opened, whatever it is. */
export interface OpenOptions {
  readonly space?: Space;
  readonly reembed?: Reembed;
  readonly readOnly?: boolean;
}

/** Opens the memory at `where`: a file. */
export function openStore(where: string, options: OpenOptions): Promise<TraceStore> {
  return openEmbedded({ path: where, ...options });
}
