import { Worker } from 'node:worker_threads';
import { DamagedMemory, MemoryUnavailable } from '#memory/store/errors.ts';
import { damaged } from './schema.ts';
import type { Answer, Order } from './order.ts';

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

interface Reply {
  readonly ticket: number;
  readonly answer?: Answer;
  readonly failed?: { readonly name: string; readonly message: string; readonly errcode?: number };
}

/** Orders to the writing thread, which starts with the first one. They are carried out in order. */
export class Writer {
  readonly #path: string;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #tickets = 0;
  #stopped: Error | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves when it is on the disk. */
  order(order: Order): Promise<Answer> {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped);
    const worker = (this.#worker ??= this.#start());
    const ticket = this.#tickets++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(ticket, { resolve, reject });
      worker.ref();
      worker.postMessage({ ticket, order });
    });
  }

  /** After all orders; a writer that never started has nothing to close. */
  async close(): Promise<void> {
    if (this.#worker === undefined || this.#stopped !== undefined) return;
    const closed = this.order({ kind: 'close' });
    this.#stopped = new MemoryUnavailable(`${this.#path}: the memory is closed`);
    try {
      await closed;
    } finally {
      await this.#worker.terminate();
    }
  }

  #start(): Worker {
    const worker = new Worker(new URL('./writer-worker.ts', import.meta.url), {
      workerData: { path: this.#path },
    });
    worker.on('message', (reply: Reply) => {
      const waiting = this.#waiting.get(reply.ticket);
      this.#waiting.delete(reply.ticket);
      if (this.#waiting.size === 0) worker.unref();
      if (reply.failed === undefined) waiting?.resolve(reply.answer ?? {});
      else waiting?.reject(this.#errorOf(reply.failed));
    });
    const fail = (cause: unknown): void => {
      this.#stopped ??= new MemoryUnavailable(
        `${this.#path}: the writing thread stopped; restart the process`,
        { cause },
      );
      for (const { reject } of this.#waiting.values()) reject(this.#stopped);
      this.#waiting.clear();
    };
    worker.on('error', fail);
    worker.on('exit', fail);
    return worker;
  }

  #errorOf(failed: NonNullable<Reply['failed']>): unknown {
    if (failed.name === 'MemoryUnavailable') return new MemoryUnavailable(failed.message);
    const error = Object.assign(new Error(`${this.#path}: ${failed.message}`), { errcode: failed.errcode });
    const told = damaged(this.#path, error);
    return told instanceof DamagedMemory ? told : new MemoryUnavailable(error.message, { cause: error });
  }
}
