import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventLog } from './event-log.ts';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('event-log.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OTHER_NODE = '22.23.3';

/** The other Node, from its npm package, fetched once into the cache. */
async function otherNode(): Promise<string> {
  const name = `node-linux-${process.arch}`;
  const prefix = join(ROOT, '.cache/node22');
  const program = join(prefix, 'node_modules', name, 'bin/node');
  if (existsSync(program)) return program;
  await mkdir(prefix, { recursive: true });
  await writeFile(join(prefix, 'package.json'), '{"private":true}\n');
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--loglevel=error'];
  await run('npm', ['install', '--prefix', prefix, ...quiet, `${name}@${OTHER_NODE}`]);
  return program;
}

/** Of seed 1. A change of it is a change of every result that the simulator has ever given. */
const KNOWN = '3d8d7c5841d1a035';

describe('event log', () => {
  it('the same seed gives the same log, another seed another', async () => {
    const [once, twice, other] = [await eventLog(1), await eventLog(1), await eventLog(2)];
    assert.equal(once, KNOWN);
    assert.equal(twice, once);
    assert.notEqual(other, once);
  });

  it('another version of Node gives the same log', async function () {
    this.timeout(120_000);
    const program = await otherNode();
    const { stdout } = await run(program, ['--disable-warning=ExperimentalWarning', PROGRAM, '1'], {
      env: {},
    });
    assert.equal(stdout.trim(), KNOWN);
  });
});
