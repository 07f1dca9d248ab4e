import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A thread of this process that answers its questions. */
export interface Echo {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** It answers packets and nothing else: a small heap. */
const LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 };

/** Starts it; it answers packets from `port` of `address` alone. */
export async function startEcho(address: string, port: number): Promise<Echo> {
  const worker = new Worker(new URL('./echo-worker.ts', import.meta.url), {
    workerData: { address, port },
    resourceLimits: LIMITS,
  });
  const [at] = (await once(worker, 'message')) as [number];
  // Without it what it took last stays known.
  worker.on('error', () => undefined);
  worker.unref();
  return { address, port: at, close: async () => void (await worker.terminate()) };
}
