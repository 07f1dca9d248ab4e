import { parseArgs } from 'node:util';

/** What a bench says of itself. */
interface Bench {
  /** `cluster` of `make bench-cluster`. */
  readonly name: string;
  /** What it measures, one or two lines. */
  readonly about: string;
  /** Parts that can be run alone. */
  readonly sections?: readonly string[];
  /** Lines about what it reads from the environment. */
  readonly environment?: readonly string[];
}

const helpOf = ({ name, about, sections = [], environment = [] }: Bench): string =>
  [
    about,
    '',
    `Usage: make bench-${name} [ARGS='…']`,
    '',
    '  -o, --output table|json  one table, or one JSON document and nothing else (table)',
    ...(sections.length === 0 ? [] : [`      --sections A,B       some of: ${sections.join(', ')} (all)`]),
    '  -h, --help               this',
    ...(environment.length === 0 ? [] : ['', ...environment.map((line) => `  ${line}`)]),
    '',
    'Exit code 0 when every goal holds, 1 when one is missed, 2 when the arguments are wrong.',
    '',
  ].join('\n');

/** Says what there is, or what is wrong, and ends. */
function end(code: 0 | 2, text: string): never {
  (code === 0 ? process.stdout : process.stderr).write(text);
  process.exit(code);
}

function parsed(bench: Bench): { readonly help: boolean; readonly asked: readonly string[] } {
  const { sections = [] } = bench;
  const { values } = parseArgs({
    options: {
      output: { type: 'string', short: 'o', default: 'table' },
      help: { type: 'boolean', short: 'h', default: false },
      ...(sections.length === 0 ? {} : { sections: { type: 'string', default: sections.join(',') } }),
    },
  });
  if (!['table', 'json'].includes(values.output)) throw new Error(`-o ${values.output}: table or json`);
  const asked = 'sections' in values ? String(values.sections).split(',') : [];
  const unknown = asked.filter((name) => !sections.includes(name));
  if (unknown.length > 0)
    throw new Error(`--sections ${unknown.join(',')}: there are ${sections.join(', ')}`);
  return { help: values.help, asked };
}

/**
 * Reads the arguments of a bench and says which of its sections to run: all of them unless some are named. Ends the process where
 * help is asked for (exit code 0) or where an argument is not known (2).
 */
export function sectionsAsked(bench: Bench): readonly string[] {
  try {
    const { help, asked } = parsed(bench);
    return help ? end(0, helpOf(bench)) : asked;
  } catch (error) {
    const command = `make bench-${bench.name}`;
    return end(2, `${command}: ${(error as Error).message}\n${command} ARGS=--help says what there is\n`);
  }
}

/** Whether `-o json` was asked for: then stdout carries one document and nothing else. */
export function wantsJson(): boolean {
  const { values } = parseArgs({
    options: { output: { type: 'string', short: 'o', default: 'table' } },
    strict: false,
  });
  return values.output === 'json';
}
