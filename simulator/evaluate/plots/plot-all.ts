import type { RunResult } from '../../result.ts';
import type { Job } from '../job.ts';
import type { OutputFolder } from '../output-folder.ts';
export async function plotAll(
  _jobs: readonly Job[],
  _results: readonly RunResult[],
  _folder: OutputFolder,
): Promise<void> {}
