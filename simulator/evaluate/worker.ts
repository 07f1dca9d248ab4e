import { parentPort } from 'node:worker_threads';
import { InputError } from '#crds/input-error.ts';
import type { Job } from './job.ts';
import type { Answer } from './pool.ts';
import { runJob } from './run-job.ts';

/** Milliseconds between two reports of progress. */
const REPORT_MS = 200;

const port = parentPort;
if (port === null) throw new Error('simulator/evaluate/worker.ts is for worker threads: see pool.ts');

const say = (answer: Answer): void => port.postMessage(answer);

async function run(job: Job): Promise<void> {
  let reported = -Infinity;
  try {
    const result = await runJob(job, {
      clock: () => performance.now(),
      progress: (share, events) => {
        const now = performance.now();
        if (now - reported < REPORT_MS) return;
        reported = now;
        say({ kind: 'progress', share, events });
      },
    });
    say({ kind: 'done', result });
  } catch (error) {
    if (error instanceof InputError) say({ kind: 'refused', problems: error.problems });
    else
      say({
        kind: 'failed',
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
  }
}

port.on('message', (job: Job) => void run(job));
