import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jobsOf } from './jobs.ts';
import { builtInSuites, readSuite } from './suite-file.ts';

describe('suites', () => {
  const root = mkdtempSync(join(tmpdir(), 'edgeloom-'));
  after(() => rmSync(root, { recursive: true }));
  const file = (text: string): string => {
    const path = join(root, 'mine.yaml');
    writeFileSync(path, text);
    return path;
  };
  const good = [
    'apiVersion: edgeloom.dev/v1alpha1',
    'kind: Suite',
    'name: mine',
    'baseline: static',
    'runs:',
    '  - scenarios: [S3]',
    '    orchestrators: [static, greedy]',
    '',
  ].join('\n');

  for (const name of builtInSuites())
    it(`${name}: every scenario and orchestrator of it is known`, () => {
      const suite = readSuite(name);
      assert.equal(suite.name, name);
      const jobs = jobsOf(suite.runs.map((run) => ({ ...run, seed: suite.seed, replications: 1 })));
      assert.ok(jobs.length >= suite.runs.length);
    });

  it('are read from a file, with defaults', () => {
    const { replications, seed, runs } = readSuite(file(good));
    assert.deepEqual([replications, seed, runs[0]?.scenarios], [5, 1, ['S3']]);
  });

  const bad: Readonly<Record<string, readonly [string, RegExp]>> = {
    'an unknown key': [good.replace('baseline', 'basline'), /mine.yaml:4: basline.*did you mean baseline/],
    'a baseline that does not run': [
      good.replace('baseline: static', 'baseline: heft'),
      /:7: .*heft is not among/,
    ],
    'two objects': [`${good}---\n${good}`, /holds 2 objects/],
    'no YAML': ['a: [', /mine.yaml:1.*YAML/],
  };
  for (const [name, [text, message]] of Object.entries(bad))
    it(`refuse ${name}`, () => assert.throws(() => readSuite(file(text)), message));

  it('refuse an unknown name with the nearest', () =>
    assert.throws(() => readSuite('smal'), /no such suite .*did you mean small/));

  it('make each run once, first replications first', () => {
    const batch = { scenarios: ['S3'], orchestrators: ['static', 'greedy'], seed: 1, replications: 2 };
    const jobs = jobsOf([batch, { ...batch, replications: 1 }]);
    assert.deepEqual(
      jobs.map((job) => `${job.orchestrator}${job.replication}`),
      ['static0', 'greedy0', 'static1', 'greedy1'],
    );
    assert.throws(() => jobsOf([{ ...batch, orchestrators: ['gredy'] }]), /did you mean greedy/);
    assert.throws(() => jobsOf([{ ...batch, scenarios: ['nowhere'] }]), /cannot be read/);
  });
});
