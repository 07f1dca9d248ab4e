import type { RunResult } from '../../result.ts';
import { slug } from '../job.ts';
import type { Job } from '../job.ts';
import type { OutputFolder } from '../output-folder.ts';
import { prepare } from '../run-job.ts';
import { latencyCdf } from './latency-cdf.ts';
import { svgOf } from './render.ts';
import { timeLines } from './time-lines.ts';
import { utilisationMap } from './utilisation-map.ts';

/** Draws every scenario's pictures into `plots/SCENARIO/` of a folder: latency.svg, timeline.svg, map.svg. */
export async function plotAll(
  jobs: readonly Job[],
  results: readonly RunResult[],
  folder: OutputFolder,
): Promise<void> {
  for (const [digest, runs] of Map.groupBy(results, ({ scenarioDigest }) => scenarioDigest)) {
    const job = jobs.find(({ scenarioDigest }) => scenarioDigest === digest);
    if (job === undefined) continue;
    const { scenario } = job;
    const pictures = {
      latency: latencyCdf(scenario, runs),
      timeline: timeLines(scenario, runs),
      map: utilisationMap(scenario, prepare(job).city, runs),
    };
    for (const [name, spec] of Object.entries(pictures))
      if (spec !== undefined) await folder.write(`plots/${slug(scenario)}/${name}.svg`, await svgOf(spec));
  }
}
