/** One run to make: everything a worker needs, and the identity of its result. */
export interface Job {
  /** Scenario file or built-in name, and the case of it. */
  readonly source: string;
  readonly scenario: string;
  readonly scenarioDigest: string;
  readonly orchestrator: string;
  readonly seed: number;
  readonly replication: number;
  readonly dataFolder?: string | undefined;
}

/** `S3 / greedy / seed 1 / replication 0`, for people. */
export const jobLabel = (job: Job): string =>
  `${job.scenario} / ${job.orchestrator} / seed ${job.seed} / replication ${job.replication}`;

/** Where the result lies in an output folder: one file per identity, folders by scenario and digest. */
export function jobFile(job: Omit<Job, 'source' | 'dataFolder'>): string {
  const folder = `${slug(job.scenario)}-${job.scenarioDigest.slice(0, 12)}`;
  return `runs/${folder}/${slug(job.orchestrator)}-seed${job.seed}-${job.replication}.json`;
}

/** A name as part of a file name. */
export const slug = (text: string): string => text.replace(/[^A-Za-z0-9.]+/g, '-');
