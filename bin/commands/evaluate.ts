import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { jobsOf } from '#simulator/evaluate/jobs.ts';
import { makeRuns } from '#simulator/evaluate/make-runs.ts';
import { OutputFolder, programDigest } from '#simulator/evaluate/output-folder.ts';
import { plotAll } from '#simulator/evaluate/plots/plot-all.ts';
import { builtInSuites, readSuite } from '#simulator/evaluate/suite-file.ts';
import { print, reportOf, write } from '../evaluation-report.ts';
import type { Format } from '../evaluation-report.ts';
import { printInputError } from '../input-error.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  readonly out?: string;
  readonly workers: number;
  readonly replications?: number;
  readonly seed?: number;
  readonly data?: string;
  readonly plots: boolean;
  readonly output: Format;
}

const BAD_INPUT = 2;

/** `edgeloom evaluate`: the runs of a suite, their tables and pictures. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .summary('compare orchestrators on a suite of scenarios, with statistics, tables and plots')
    .description(
      'Runs every orchestrator of a suite on every scenario of it, several replications each, in parallel, and keeps\n' +
        'each run in the output folder as it ends. Run the same command again to go on after an interruption:\n' +
        'what is there is not run again. Then it prints one table per scenario and writes to the folder:\n' +
        '  tables.md, summary.json  means, quantiles, violations and more with 95 % intervals, paired comparisons\n' +
        '  runs.csv                 one line per run\n' +
        '  plots/*.svg              latency distribution, violations in time, utilisation over the city\n' +
        '  runs/                    every run as JSON',
    )
    .argument('<suite>', `a built-in suite (${builtInSuites().join(', ')}) or a YAML file`)
    .option('--out <dir>', 'output folder (default: results/SUITE)')
    .option('--workers <n>', 'runs at the same time', wholeNumber(1, 1024), availableParallelism())
    .option(
      '--replications <n>',
      'replications of every run, instead of what the suite says',
      wholeNumber(1, 1000),
    )
    .option(
      '--seed <n>',
      'seed of the cities and their fates, instead of what the suite says',
      wholeNumber(0),
    )
    .option('--data <dir>', 'folder of recorded data sets (default: EDGELOOM_DATA)')
    .option('--no-plots', 'draw nothing')
    .addOption(
      new Option('-o, --output <format>', 'what to print').choices(['table', 'json', 'csv']).default('table'),
    )
    .addHelpText(
      'after',
      `
Exit codes: 0 done; 2 bad input: unknown suite, scenario or orchestrator, missing data, an output folder that cannot be
written or holds something else.

Examples:
  edgeloom evaluate small                            minutes on a laptop, nothing to download
  edgeloom evaluate city --data ~/data --workers 8   the large cities; docs/evaluation.md says which data sets
  edgeloom evaluate small --replications 20          goes on from the replications that are there
  edgeloom evaluate my-suite.yaml -o json | jq '.summary[] | [.orchestrator, .violations.value]'`,
    )
    .action(async (suite: string, options: Options) => {
      process.exitCode = await evaluate(suite, options);
    });
}

async function evaluate(name: string, options: Options): Promise<number> {
  try {
    const suite = readSuite(name);
    const jobs = jobsOf(
      suite.runs.map((run) => ({
        ...run,
        seed: options.seed ?? suite.seed,
        replications: options.replications ?? run.replications ?? suite.replications,
        dataFolder: options.data ?? process.env['EDGELOOM_DATA'],
      })),
    );
    const folder = await OutputFolder.open(options.out ?? join('results', suite.name), {
      of: `suite ${suite.name}`,
      scenarios: Object.fromEntries(jobs.map((job) => [job.scenario, job.scenarioDigest])),
      program: programDigest(),
    });
    const { results } = await makeRuns(jobs, options.workers, folder, process.stderr);
    const report = reportOf(results, suite.baseline);
    await write(report, results, folder);
    if (options.plots) await plotAll(jobs, results, folder);
    print(report, results, options.output);
    process.stderr.write(`${results.length} runs, tables and plots are in ${folder.path}\n`);
    return 0;
  } catch (error) {
    return printInputError(error) ? BAD_INPUT : Promise.reject(error);
  }
}
