import { openBolt } from './bolt/bolt-store.ts';
import { openEmbedded } from './embedded/embedded-store.ts';
import type { Space } from './admission.ts';
import type { Progress, Reembed, TraceStore } from './trace-store.ts';

/** How a memory is opened, whatever it is. */
export interface OpenOptions {
  readonly space?: Space;
  /** Embeds traces of another encoder again, in the background, and those that are put. */
  readonly reembed?: Reembed;
  readonly onProgress?: Progress;
  readonly readOnly?: boolean;
}

/** Opens the memory at `where`: a file, or a server's `bolt://host:port`. */
export function openStore(where: string, options: OpenOptions): Promise<TraceStore> {
  if (/^(bolt|neo4j)(\+s|\+ssc)?:\/\//.test(where)) return openBolt({ url: where, ...options });
  return openEmbedded({ path: where, ...options });
}
