import { recipeOf } from '../orchestrators/recipe.ts';
import { expand } from '../scenario/read.ts';
import type { Job } from './job.ts';

/** Every orchestrator on every case of some scenarios, so many times. */
export interface Batch {
  readonly scenarios: readonly string[];
  readonly orchestrators: readonly string[];
  readonly seed: number;
  readonly replications: number;
  readonly dataFolder?: string | undefined;
}

/**
 * The jobs of some batches, each identity once, first replications first, so that an early look shows something of everything.
 * Throws an `InputError` for unknown scenarios and orchestrators.
 */
export function jobsOf(batches: readonly Batch[]): Job[] {
  const jobs = new Map<string, Job>();
  for (const { scenarios, orchestrators, seed, replications, dataFolder } of batches) {
    for (const name of orchestrators) recipeOf(name);
    for (const source of scenarios)
      for (const { scenario, digest } of expand(source))
        for (const orchestrator of orchestrators)
          for (let replication = 0; replication < replications; replication++) {
            const key = JSON.stringify([digest, orchestrator, seed, replication]);
            const scenarioDigest = digest;
            jobs.set(key, {
              source,
              scenario: scenario.name,
              scenarioDigest,
              orchestrator,
              seed,
              replication,
              dataFolder,
            });
          }
  }
  return [...jobs.values()].toSorted((a, b) => a.replication - b.replication);
}
