import { compareAll } from '#simulator/evaluate/comparisons.ts';
import { runsCsv } from '#simulator/evaluate/csv.ts';
import type { OutputFolder } from '#simulator/evaluate/output-folder.ts';
import { summarise } from '#simulator/evaluate/summary.ts';
import { comparisonTables, markdown, resultTables } from '#simulator/evaluate/tables.ts';
import type { Table } from '#simulator/evaluate/tables.ts';
import type { RunResult } from '#simulator/result.ts';
import { table } from './table.ts';

/** How results are printed. */
export type Format = 'table' | 'json' | 'csv';

/** Everything that is said of some results. */
interface Report {
  readonly summary: ReturnType<typeof summarise>;
  readonly comparisons: ReturnType<typeof compareAll>;
  readonly tables: readonly Table[];
}

/** Sums up results and compares the orchestrators, in the tables with `baseline`. */
export function reportOf(results: readonly RunResult[], baseline: string): Report {
  const summary = summarise(results);
  const comparisons = compareAll(results);
  return {
    summary,
    comparisons,
    tables: [...resultTables(summary), ...comparisonTables(comparisons, baseline)],
  };
}

/** Prints a report on stdout: with `json` one document, with `csv` one line per run, and nothing else. */
export function print(report: Report, results: readonly RunResult[], format: Format): void {
  const { summary, comparisons, tables } = report;
  if (format === 'json') process.stdout.write(`${JSON.stringify({ summary, comparisons })}\n`);
  else if (format === 'csv') process.stdout.write(runsCsv(results));
  else
    process.stdout.write(
      tables.map(({ title, head, rows }) => `${title}\n\n${table(head, rows)}\n`).join('\n'),
    );
}

/** Writes `summary.json`, `runs.csv` and `tables.md` beside the runs. */
export async function write(
  report: Report,
  results: readonly RunResult[],
  folder: OutputFolder,
): Promise<void> {
  const { summary, comparisons, tables } = report;
  await folder.write('summary.json', `${JSON.stringify({ summary, comparisons }, undefined, 1)}\n`);
  await folder.write('runs.csv', runsCsv(results));
  await folder.write('tables.md', tables.map(markdown).join('\n'));
}
