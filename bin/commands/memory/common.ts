import { Command, InvalidArgumentError, Option } from 'commander';
import { durationMicros } from '#crds/quantity.ts';
import { FORMATS } from '#memory/graph/files.ts';
import { DamagedMemory, MemoryUnavailable, OtherEncoder, UnknownTenant } from '#memory/store/errors.ts';
import type { TraceStore } from '#memory/store/trace-store.ts';
import { RefusedTrace } from '#memory/trace/refusal.ts';
import { printInputError } from '../../input-error.ts';

const BAD_INPUT = 2;

/** What every command of a memory is told. */
export interface Common {
  readonly store: string;
  readonly output: 'table' | 'json';
}

/** Milliseconds of a duration on the command line. */
export const millis = (text: string): number => {
  try {
    return durationMicros(text) / 1000;
  } catch {
    throw new InvalidArgumentError('a duration such as 90m or 720h');
  }
};
/** A whole number from 1. */
export const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1');
  return value;
};
/** Any number. */
export const real = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('a number');
  return value;
};

/** A command with the options that all have. */
export function command(name: string, summary: string): Command {
  const store = new Option('--store <where>', 'file of the memory, or bolt://[user:password@]host:port')
    .env('EDGELOOM_MEMORY')
    .makeOptionMandatory();
  return new Command(name)
    .summary(summary)
    .description(summary)
    .addOption(store)
    .addOption(
      new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'),
    );
}

/** Which format a file has. */
export const format = (): Option =>
  new Option('--format <name>', 'by default told by the name of the file').choices(FORMATS);

/** Closes the store, whatever comes of the work. */
export async function closing(store: TraceStore, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await store.close();
  }
}

/** Prints a document as it was asked for. */
export function print(options: Common, document: unknown, text: () => string): void {
  process.stdout.write(options.output === 'json' ? `${JSON.stringify(document)}\n` : `${text()}\n`);
}

/** Exit 2 with one line a problem when the input is at fault; other errors are ours and go up. */
export async function guarded(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const told = [RefusedTrace, DamagedMemory, MemoryUnavailable, OtherEncoder, UnknownTenant];
    if (told.some((kind) => error instanceof kind))
      process.stderr.write(`edgeloom memory: ${(error as Error).message}\n`);
    else if (!printInputError(error)) throw error;
    process.exitCode = BAD_INPUT;
  }
}
