import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jobFile } from './job.ts';
import { OutputFolder } from './output-folder.ts';
import type { Owner } from './output-folder.ts';
import { jobOf, resultOf } from './test-runs.ts';

const owner: Owner = { of: 'suite small', scenarios: { S3: 'aaa' }, program: 'p1' };

describe('an output folder', () => {
  let root: string;
  beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'edgeloom-'))));
  afterEach(() => rm(root, { recursive: true }));
  const path = (): string => join(root, 'out');

  it('gives back what was kept, after it was opened again', async () => {
    const job = jobOf();
    await (await OutputFolder.open(path(), owner)).keep(job, resultOf(job));
    const again = await OutputFolder.open(path(), { ...owner, scenarios: { S3: 'aaa', S4: 'bbb' } });
    assert.deepEqual(again.read(job), resultOf(job));
  });

  it('never takes one run for another', async () => {
    const folder = await OutputFolder.open(path(), owner);
    const job = jobOf();
    await folder.keep(job, resultOf(job));
    for (const over of [
      { orchestrator: 'greedy:once' },
      { seed: 2 },
      { replication: 1 },
      { scenarioDigest: 'b'.repeat(64) },
      // The same start of the digest, and so the same file.
      { scenarioDigest: `${'a'.repeat(63)}b` },
    ])
      assert.equal(folder.read(jobOf(over)), undefined);
  });

  it('takes a broken file for none, and leaves no unfinished ones', async () => {
    const folder = await OutputFolder.open(path(), owner);
    const job = jobOf();
    await folder.keep(job, resultOf(job));
    const files = await readdir(path(), { recursive: true });
    assert.deepEqual(
      files.filter((name) => name.endsWith('.part')),
      [],
    );
    await writeFile(join(path(), jobFile(job)), '{"version":1,');
    assert.equal(folder.read(job), undefined);
  });

  const others: Readonly<Record<string, readonly [Partial<Owner>, RegExp]>> = {
    'another suite': [{ of: 'suite city' }, /holds results of suite small, not of suite city; name another/],
    'another scenario text': [{ scenarios: { S3: 'bbb' } }, /another version of scenario S3/],
    'another program': [{ program: 'p2' }, /another version of the program/],
  };
  for (const [name, [over, message]] of Object.entries(others))
    it(`refuses the results of ${name}`, async () => {
      await OutputFolder.open(path(), owner);
      await assert.rejects(OutputFolder.open(path(), { ...owner, ...over }), message);
    });

  it('refuses a folder of other files, and a path that cannot be a folder', async () => {
    await writeFile(join(root, 'thesis.tex'), '');
    await assert.rejects(OutputFolder.open(root, owner), /holds other files and no results; name an empty/);
    await assert.rejects(OutputFolder.open(join(root, 'thesis.tex'), owner), /cannot be used .*--out DIR/);
  });
});
