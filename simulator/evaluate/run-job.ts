import { InputError } from '#crds/input-error.ts';
import { DataFolder } from '../data/folder.ts';
import { seedOf } from '../engine/random.ts';
import { orchestratorOf } from '../orchestrators/orchestrators.ts';
import { exogenousOf } from '../processes/exogenous-of.ts';
import { readTraces } from '../processes/read-traces.ts';
import type { RunResult } from '../result.ts';
import { runOnce } from '../run.ts';
import type { RunHooks } from '../run.ts';
import { loadCase } from '../scenario/load.ts';
import type { LoadedScenario } from '../scenario/load.ts';
import { expand } from '../scenario/read.ts';
import type { Exogenous } from '../exogenous.ts';
import type { Job } from './job.ts';

/** A job with everything read and built: what is left is to run it. */
export interface Prepared extends LoadedScenario {
  readonly fate: Exogenous;
}

/**
 * Reads and builds all that a job needs, and runs nothing. Replications of a seed share the city and differ in their fate; the
 * orchestrators of a replication share both. Throws an `InputError` for whatever cannot be run as asked.
 */
export function prepare(job: Job): Prepared {
  const { source, scenario, scenarioDigest, seed, replication, dataFolder } = job;
  const found = expand(source).find((one) => one.scenario.name === scenario);
  if (found?.digest !== scenarioDigest) {
    const message = `scenario ${scenario} has changed since the run was asked for`;
    throw new InputError([
      { file: source, line: 0, object: '', field: '', message, fix: 'run the command again' },
    ]);
  }
  const loaded = loadCase(found, { seed, replication, dataFolder });
  const { exogenous, city, settings } = loaded;
  const { untilMicros, sampledShare, periodMicros } = settings;
  const fate = exogenousOf(
    exogenous,
    city,
    { seed: seedOf(seed, `replication/${replication}`), untilMicros, sampledShare, periodMicros },
    readTraces(exogenous, new DataFolder(dataFolder)),
  );
  return { ...loaded, fate };
}

/** Runs one job. Its result is a function of the job, the data and this program, decision times apart. */
export function runJob(job: Job, hooks: RunHooks): Promise<RunResult> {
  const orchestrator = orchestratorOf(job.orchestrator);
  const { city, fate, settings } = prepare(job);
  return runOnce(city, fate, orchestrator, settings, hooks);
}
