import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { InputError } from '#crds/input-error.ts';
import type { InputProblem } from '#crds/input-error.ts';
import { RefusedTrace } from './refusal.ts';
import { parseTrace } from './seal.ts';
import type { Trace } from './trace.ts';

/** As many problems are told at a time. */
const MOST_PROBLEMS = 20;

/** Traces of a JSONL file, one a line, empty lines skipped. Throws `InputError` with file and line; nothing of a line is guessed. */
export async function* jsonlTraces(file: string): AsyncGenerator<Trace> {
  const problems: InputProblem[] = [];
  const refuse = (line: number, field: string, message: string, fix: string): void => {
    problems.push({ file, line, object: '', field, message, fix });
  };
  let line = 0;
  try {
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      line++;
      if (text.trim() === '') continue;
      const trace = parsedLine(text, (field, message, fix) => refuse(line, field, message, fix));
      if (problems.length === MOST_PROBLEMS) break;
      if (trace !== undefined && problems.length === 0) yield trace;
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    refuse(0, '', code === 'ENOENT' ? 'no such file' : `cannot be read (${message})`, 'check the path');
  }
  if (problems.length > 0) throw new InputError(problems);
}

function parsedLine(
  text: string,
  refuse: (field: string, message: string, fix: string) => void,
): Trace | undefined {
  try {
    return parseTrace(JSON.parse(text));
  } catch (error) {
    if (error instanceof RefusedTrace) refuse(error.field, error.problem, error.fix);
    else if (error instanceof SyntaxError)
      refuse(
        '',
        `it is no JSON (${error.message})`,
        'write one trace a line, or cut the unfinished line off',
      );
    else throw error;
    return undefined;
  }
}
