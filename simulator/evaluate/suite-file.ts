import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { documentsOf } from '#crds/documents.ts';
import { fieldOf } from '#crds/finding.ts';
import { InputError } from '#crds/input-error.ts';
import { findingsOf } from '#crds/issues.ts';
import { inputSchema } from '#crds/json-schema.ts';
import { API_VERSION } from '#crds/meta.ts';
import { suggestion } from '#crds/nearest.ts';
import { builtInPath } from '../scenario/built-in.ts';

const FOLDER = join(import.meta.dirname, '..', 'suites');

const names = (what: string): z.ZodArray<z.ZodString> =>
  z
    .array(z.string().min(1), { error: `must be a list of ${what}` })
    .min(1)
    .max(100);

const suiteSpec = z
  .strictObject({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('Suite'),
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, { error: 'must be lower-case letters, digits and "-"' }),
    description: z.string().max(4000).default('').describe('What it shows.'),
    seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(1).describe('Of the cities, and of all fates.'),
    replications: z
      .int()
      .min(1)
      .max(1000)
      .default(5)
      .describe('Fates of each city, for runs that say nothing else.'),
    baseline: z.string().min(1).describe('Orchestrator that the others are compared with in the tables.'),
    runs: z
      .array(
        z.strictObject({
          scenarios: names('scenarios').describe(
            'Built-in names, or files beside this one; all their cases.',
          ),
          orchestrators: names('orchestrators'),
          replications: z.int().min(1).max(1000).optional(),
        }),
      )
      .min(1)
      .max(100)
      .describe('What to run: every orchestrator on every scenario of an entry.'),
  })
  .describe('Scenarios and orchestrators to compare.');

/** A suite after defaults, with scenarios as names or whole paths. */
export type Suite = z.output<typeof suiteSpec>;

/** Names of the suites in this repository. */
export function builtInSuites(): string[] {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .toSorted();
}

/** Reads a built-in suite or a file. Throws an `InputError` with everything that is wrong: file, line, field and fix. */
export function readSuite(nameOrPath: string): Suite {
  const builtIn = join(FOLDER, `${nameOrPath}.yaml`);
  const path = /^[\w-]+$/.test(nameOrPath) && existsSync(builtIn) ? builtIn : nameOrPath;
  const { documents, problems } = documentsOf(textIn(path));
  if (problems.length > 0)
    throw new InputError(problems.map((p) => ({ file: path, object: '', field: '', ...p })));
  const [document, ...more] = documents;
  if (document === undefined || more.length > 0)
    throw refusal(path, `the file holds ${documents.length} objects`, 'write one suite a file');
  const parsed = suiteSpec.safeParse(document.value);
  if (!parsed.success) {
    const findings = findingsOf(parsed.error.issues, document.value, inputSchema(suiteSpec));
    throw new InputError(
      findings.map(({ path: at, message, fix }) => ({
        file: path,
        line: document.lineOf(at),
        object: '',
        field: fieldOf(at),
        message,
        fix,
      })),
    );
  }
  const suite = parsed.data;
  const unused = suite.runs.findIndex(({ orchestrators }) => !orchestrators.includes(suite.baseline));
  if (unused !== -1) {
    const line = document.lineOf(['runs', unused, 'orchestrators']);
    const field = fieldOf(['runs', unused, 'orchestrators']);
    const message = `the baseline ${suite.baseline} is not among them`;
    throw new InputError([
      { file: path, line, object: '', field, message, fix: 'add it, or name another baseline' },
    ]);
  }
  const runs = suite.runs.map((run) => ({
    ...run,
    scenarios: run.scenarios.map((name) =>
      builtInPath(name) === undefined ? join(dirname(path), name) : name,
    ),
  }));
  return { ...suite, runs };
}

function textIn(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const known = builtInSuites();
    const near = /^[\w-]+$/.test(path) ? suggestion(path, known) : `built in are ${known.join(', ')}`;
    throw refusal(path, `no such suite (${why})`, near === '' ? `built in are ${known.join(', ')}` : near);
  }
}

const refusal = (file: string, message: string, fix: string): InputError =>
  new InputError([{ file, line: 0, object: '', field: '', message, fix }]);
