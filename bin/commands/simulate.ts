import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { jobsOf } from '#simulator/evaluate/jobs.ts';
import { makeRuns } from '#simulator/evaluate/make-runs.ts';
import { OutputFolder, programDigest } from '#simulator/evaluate/output-folder.ts';
import { plotAll } from '#simulator/evaluate/plots/plot-all.ts';
import { ORCHESTRATOR_NAMES } from '#simulator/orchestrators/orchestrators.ts';
import { builtInScenarios } from '#simulator/scenario/built-in.ts';
import { print, reportOf, write } from '../evaluation-report.ts';
import type { Format } from '../evaluation-report.ts';
import { printInputError } from '../input-error.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  readonly orchestrator: readonly string[];
  readonly seed: number;
  readonly replications: number;
  readonly workers: number;
  readonly out?: string;
  readonly data?: string;
  readonly output: Format;
}

const BAD_INPUT = 2;

/** A comma stands between names and between the suffixes of one: `greedy:once,scale,heft` is `greedy:once,scale` and `heft`. */
function namesOf(text: string): string[] {
  const names: string[] = [];
  for (const part of text.split(',').map((word) => word.trim())) {
    if (part === '') throw new InvalidArgumentError('names with commas between them, such as static,search');
    const before = names.at(-1);
    const suffix = (before ?? '').includes(':') && !ORCHESTRATOR_NAMES.includes(part.split(':')[0] ?? '');
    if (suffix) names[names.length - 1] = `${before},${part}`;
    else names.push(part);
  }
  return [...new Set(names)];
}

/** `edgeloom simulate`: one scenario, orchestrators side by side. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .summary('run a scenario in the event simulator, orchestrators side by side')
    .description(
      'Runs a scenario (docs/scenarios.md) under one or several orchestrators (docs/orchestrators.md) and prints a line for\n' +
        'each. All orchestrators meet the same requests, failures and random draws. Latency is of completed requests;\n' +
        'VIOLATED is the share of all requests that did not complete within their limit.',
    )
    .argument(
      '<scenario>',
      `a built-in scenario (${builtInScenarios().join(', ')}) or a YAML file; all its cases`,
    )
    .option(
      '--orchestrator <a,b,c>',
      `who places: ${ORCHESTRATOR_NAMES.join(', ')}, each with variants`,
      namesOf,
      ['search'],
    )
    .option('--seed <n>', 'of the city and its fate', wholeNumber(0), 1)
    .option(
      '--replications <n>',
      'fates of the city; 2 and more give 95 % intervals',
      wholeNumber(1, 1000),
      1,
    )
    .option('--workers <n>', 'runs at the same time', wholeNumber(1, 1024), availableParallelism())
    .option('--out <dir>', 'keep runs, tables and plots there; goes on from what is there')
    .option('--data <dir>', 'folder of recorded data sets (default: EDGELOOM_DATA)')
    .addOption(
      new Option('-o, --output <format>', 'what to print; csv is one line per run')
        .choices(['table', 'json', 'csv'])
        .default('table'),
    )
    .addHelpText(
      'after',
      `
Exit codes: 0 done; 2 bad input: unknown scenario or orchestrator, missing data, an output folder that cannot be written
or holds something else.

Examples:
  edgeloom simulate S3
  edgeloom simulate S3 --orchestrator default-scheduler,greedy,search,search:scale --replications 5
  edgeloom simulate my-city.yaml --data ~/data --out results/my-city
  edgeloom simulate S3 --replications 10 -o csv > runs.csv`,
    )
    .action(async (scenario: string, options: Options) => {
      process.exitCode = await simulate(scenario, options);
    });
}

async function simulate(scenario: string, options: Options): Promise<number> {
  const { orchestrator: orchestrators, seed, replications, workers, out } = options;
  try {
    const dataFolder = options.data ?? process.env['EDGELOOM_DATA'];
    const jobs = jobsOf([{ scenarios: [scenario], orchestrators, seed, replications, dataFolder }]);
    const folder =
      out === undefined
        ? undefined
        : await OutputFolder.open(out, {
            of: `simulate ${scenario}`,
            scenarios: Object.fromEntries(jobs.map((job) => [job.scenario, job.scenarioDigest])),
            program: programDigest(),
          });
    const { results } = await makeRuns(jobs, workers, folder, process.stderr);
    const report = reportOf(results, orchestrators[0] ?? '');
    if (folder !== undefined) {
      await write(report, results, folder);
      await plotAll(jobs, results, folder);
      process.stderr.write(`${results.length} runs, tables and plots are in ${folder.path}\n`);
    }
    print(report, results, options.output);
    return 0;
  } catch (error) {
    return printInputError(error) ? BAD_INPUT : Promise.reject(error);
  }
}
