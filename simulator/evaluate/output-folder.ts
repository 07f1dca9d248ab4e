import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError } from '#crds/input-error.ts';
import type { RunResult } from '../result.ts';
import { jobFile } from './job.ts';
import type { Job } from './job.ts';

/** Whose results a folder holds. */
export interface Owner {
  /** `suite small`, `simulate S3`. */
  readonly of: string;
  /** Digests of the scenarios, by name: a changed scenario has another one. */
  readonly scenarios: Readonly<Record<string, string>>;
  /** Digest of the program's sources: results of two versions are not comparable. */
  readonly program: string;
}

const MANIFEST = 'manifest.json';

/** A folder of results that an interrupted evaluation goes on from. */
export class OutputFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Opens a folder for an owner, creating it when it is not there. Throws an `InputError` when it cannot be written, holds something
   * else, or holds results of another suite, scenario or program version: nothing is ever mixed.
   */
  static async open(path: string, owner: Owner): Promise<OutputFolder> {
    const folder = new OutputFolder(path);
    let names: string[];
    try {
      makeFolder(path);
      names = readdirSync(path).filter((name) => !name.startsWith('.'));
    } catch (error) {
      throw refusal(
        path,
        `the output folder cannot be used (${messageOf(error)})`,
        'name another with --out DIR',
      );
    }
    if (names.includes(MANIFEST)) checkOwner(path, owner);
    else if (names.length > 0)
      throw refusal(
        path,
        'the output folder holds other files and no results',
        'name an empty or new one with --out DIR',
      );
    try {
      await folder.write(MANIFEST, `${JSON.stringify(owner, undefined, 2)}\n`);
    } catch (error) {
      throw refusal(
        path,
        `the output folder cannot be written (${messageOf(error)})`,
        'name another with --out DIR',
      );
    }
    return folder;
  }

  /** The result of a job, when it is there and whole; a file that is not is as good as none. */
  read(job: Job): RunResult | undefined {
    let result: Partial<RunResult>;
    try {
      result = JSON.parse(readFileSync(join(this.path, jobFile(job)), 'utf8')) as Partial<RunResult>;
    } catch {
      return undefined;
    }
    const same =
      result.version === 1 &&
      result.scenarioDigest === job.scenarioDigest &&
      result.orchestrator === job.orchestrator &&
      result.seed === job.seed &&
      result.replication === job.replication;
    return same ? (result as RunResult) : undefined;
  }

  /** Keeps a result. */
  keep(job: Job, result: RunResult): Promise<void> {
    return this.write(jobFile(job), `${JSON.stringify(result)}\n`);
  }

  /** Writes a file whole or not at all: beside its place first, then moved there. */
  async write(name: string, text: string): Promise<void> {
    const path = join(this.path, name);
    await mkdir(dirname(path), { recursive: true });
    const unfinished = `${path}.${process.pid}.part`;
    await writeFile(unfinished, text);
    await rename(unfinished, path);
  }
}

/** Node's own recursive `mkdir` never returns where a parent cannot hold folders, such as `/proc`: one by one instead. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  mkdirSync(path);
}

function checkOwner(path: string, owner: Owner): void {
  let there: Owner;
  try {
    there = JSON.parse(readFileSync(join(path, MANIFEST), 'utf8')) as Owner;
  } catch (error) {
    throw refusal(
      join(path, MANIFEST),
      `it cannot be read (${messageOf(error)})`,
      'remove the folder, or name another with --out DIR',
    );
  }
  const fix = 'name another folder with --out DIR, or remove this one to start over';
  if (there.of !== owner.of)
    throw refusal(path, `the output folder holds results of ${there.of}, not of ${owner.of}`, fix);
  if (there.program !== owner.program)
    throw refusal(path, 'the output folder holds results of another version of the program', fix);
  const changed = Object.entries(owner.scenarios)
    .filter(([name, digest]) => (there.scenarios[name] ?? digest) !== digest)
    .map(([name]) => name);
  if (changed.length > 0)
    throw refusal(
      path,
      `the output folder holds results of another version of scenario ${changed.join(', ')}`,
      fix,
    );
}

const refusal = (file: string, message: string, fix: string): InputError =>
  new InputError([{ file, line: 0, object: '', field: '', message, fix }]);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const SOURCES = [
  'agents',
  'crds',
  'learning',
  'memory',
  'planner',
  'simulator',
  'world',
  'package-lock.json',
];

/** Digest of everything a result depends on beside scenario and data: this program's sources without tests, and its packages. */
export function programDigest(root: string = join(import.meta.dirname, '..', '..')): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    hash.update(path).update(readFileSync(join(root, path)));
  };
  for (const source of SOURCES) {
    if (source.endsWith('.json')) {
      add(source);
      continue;
    }
    for (const name of (readdirSync(join(root, source), { recursive: true }) as string[]).toSorted())
      if (/\.(ts|wasm)$/.test(name) && !name.endsWith('.test.ts')) add(join(source, name));
  }
  return hash.digest('hex');
}
