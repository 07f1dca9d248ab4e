import { cpus, totalmem } from 'node:os';
import { table } from '../bin/table.ts';
import { wantsJson } from './arguments.ts';

/** One measured figure with its goal (architecture section 6: figures keep their names from version to version). */
export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** `<= 2`, `>= 100`; empty when it is only reported. */
  readonly goal: string;
  readonly holds: boolean;
  readonly samples: number;
}

/** A figure whose goal is `<= limit`, `>= limit`, or none. */
export function figure(name: string, value: number, unit: string, goal: string, samples: number): Figure {
  const [sign, limit] = goal.split(' ');
  const holds = sign === '<=' ? value <= Number(limit) : sign === '>=' ? value >= Number(limit) : true;
  return { figure: name, value: Number(value.toPrecision(4)), unit, goal, holds, samples };
}

/** Middle value; the mean of the two middle ones when there are two. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Quantile by linear interpolation between order statistics. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? NaN;
  return low + ((sorted[Math.ceil(at)] ?? low) - low) * (at - Math.floor(at));
}

/** Arithmetic mean. */
export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Prints the figures as a table or as one JSON document, and sets exit code 1 when a goal is missed. */
export function report(suite: string, figures: readonly Figure[]): void {
  if (wantsJson()) {
    process.stdout.write(`${JSON.stringify(figures)}\n`);
  } else {
    const rows = figures.map((f) => [
      f.figure,
      String(f.value),
      f.unit,
      f.goal,
      f.goal === '' ? '' : f.holds ? 'holds' : 'MISSED',
      String(f.samples),
    ]);
    process.stdout.write(`\n${table(['FIGURE', 'VALUE', 'UNIT', 'GOAL', '', 'SAMPLES'], rows)}\n`);
    const [cpu] = cpus();
    const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
    process.stdout.write(
      `\n${suite}: ${cpus().length} x ${cpu?.model ?? 'unknown CPU'}, ${memory}, Node ${process.version}\n`,
    );
  }
  if (figures.some((f) => !f.holds)) process.exitCode = 1;
}
