import { Worker } from 'node:worker_threads';
import { InputError } from '#crds/input-error.ts';
import type { InputProblem } from '#crds/input-error.ts';
import type { RunResult } from '../result.ts';
import { jobLabel } from './job.ts';
import type { Job } from './job.ts';

/** What a worker says about its job. */
export type Answer =
  | { readonly kind: 'progress'; readonly share: number; readonly events: number }
  | { readonly kind: 'done'; readonly result: RunResult }
  | { readonly kind: 'refused'; readonly problems: readonly InputProblem[] }
  | { readonly kind: 'failed'; readonly message: string };

/** Who hears how it goes. */
export interface Listener {
  started(job: Job): void;
  progress(job: Job, share: number, events: number): void;
  /** Called once per job, in the order in which they end; the next job of that worker waits for it. */
  done(job: Job, result: RunResult): Promise<void>;
}

/**
 * Runs jobs in as many worker threads, in order, each job alone in its thread. Stops at the first that fails: no new job starts,
 * the others' threads end, what is done stays done. Throws the `InputError` of a job that was refused, or an error naming the job.
 */
export async function runAll(jobs: readonly Job[], workers: number, listener: Listener): Promise<void> {
  const queue = jobs.values();
  const threads: Worker[] = [];
  const serve = async (): Promise<void> => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url));
    threads.push(worker);
    for (const job of queue) {
      listener.started(job);
      await listener.done(job, await ask(worker, job, listener));
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(workers, jobs.length) }, serve));
  } finally {
    await Promise.all(threads.map((worker) => worker.terminate()));
  }
}

function ask(worker: Worker, job: Job, listener: Listener): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      worker.off('message', hear).off('error', crashed).off('exit', gone);
      settle();
    };
    const crashed = (cause: unknown): void =>
      end(() => reject(new Error(`run ${jobLabel(job)} failed`, { cause })));
    const gone = (code: number): void =>
      end(() => reject(new Error(`run ${jobLabel(job)}: its worker ended with code ${code}`)));
    const hear = (answer: Answer): void => {
      if (answer.kind === 'progress') listener.progress(job, answer.share, answer.events);
      else if (answer.kind === 'done') end(() => resolve(answer.result));
      else if (answer.kind === 'refused') end(() => reject(new InputError(answer.problems)));
      else end(() => reject(new Error(`run ${jobLabel(job)} failed: ${answer.message}`)));
    };
    worker.on('message', hear).on('error', crashed).on('exit', gone);
    worker.postMessage(job);
  });
}
