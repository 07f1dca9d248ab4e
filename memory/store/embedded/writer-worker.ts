import { parentPort, workerData } from 'node:worker_threads';
import { FileWriter } from './write.ts';
import type { Order } from './order.ts';

/** The thread that writes: orders come one by one, each is answered when it is on the disk. */
let writer: FileWriter | undefined;
const { path } = workerData as { path: string };

parentPort?.on('message', ({ ticket, order }: { ticket: number; order: Order }) => {
  try {
    writer ??= new FileWriter(path);
    const answer = writer.run(order);
    parentPort?.postMessage({ ticket, answer });
    if (order.kind === 'close') parentPort?.close();
  } catch (error) {
    const { name, message, errcode } = error as Error & { errcode?: number };
    parentPort?.postMessage({ ticket, failed: { name, message, errcode } });
  }
});
