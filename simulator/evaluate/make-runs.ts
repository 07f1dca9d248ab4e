import type { RunResult } from '../result.ts';
import type { Job } from './job.ts';
import type { OutputFolder } from './output-folder.ts';
import { runAll } from './pool.ts';
import { Progress, showProgress } from './progress.ts';
import { prepare } from './run-job.ts';

/** Results of jobs, in the order of the jobs. */
export interface Made {
  readonly results: readonly RunResult[];
  /** How many were there already. */
  readonly found: number;
}

/**
 * Makes the runs that a folder does not hold yet, keeping each as it ends; without a folder, all of them. Everything each scenario
 * needs is read once before anything runs. Progress goes to stderr.
 */
export async function makeRuns(
  jobs: readonly Job[],
  workers: number,
  folder: OutputFolder | undefined,
  stderr: NodeJS.WriteStream,
): Promise<Made> {
  const results = new Map<Job, RunResult>();
  for (const job of jobs) {
    const there = folder?.read(job);
    if (there !== undefined) results.set(job, there);
  }
  const found = results.size;
  const missing = jobs.filter((job) => !results.has(job));
  if (folder !== undefined && found > 0)
    stderr.write(`${folder.path} holds ${found} of ${jobs.length} runs already; ${missing.length} to go\n`);
  const checked = new Set<string>();
  for (const job of missing) {
    const key = `${job.scenarioDigest}/${job.seed}`;
    if (!checked.has(key)) prepare(job);
    checked.add(key);
  }
  const progress = new Progress(missing.length);
  const quiet = showProgress(progress, stderr);
  try {
    await runAll(missing, workers, {
      started: () => undefined,
      progress: (job, share, events) => progress.update(job, share, events),
      done: async (job, result) => {
        await folder?.keep(job, result);
        results.set(job, result);
        progress.end(job, result.events);
      },
    });
  } finally {
    quiet();
  }
  const all = jobs.flatMap((job) => results.get(job) ?? []);
  return { results: all, found };
}
