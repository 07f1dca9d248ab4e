import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const EDGELOOM = join(import.meta.dirname, 'edgeloom');

describe('edgeloom simulate', function () {
  this.timeout(60_000);
  const root = mkdtempSync(join(tmpdir(), 'edgeloom-'));
  after(() => rmSync(root, { recursive: true }));
  writeFileSync(
    join(root, 'short.yaml'),
    'apiVersion: edgeloom.dev/v1alpha1\nkind: Scenario\nname: short\nextends: S3\nrun: { duration: 5s, warmup: 1s }\n',
  );
  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } => {
    const env = { ...process.env, EDGELOOM_DATA: '' };
    return spawnSync(EDGELOOM, ['simulate', ...args], { cwd: root, encoding: 'utf8', env });
  };
  const files = (pattern: string): string[] => globSync(pattern, { cwd: root });

  it('prints one document with -o json, the same figures for the same seed', () => {
    const args = ['short.yaml', '--orchestrator', 'greedy,heft', '-o', 'json'];
    const figures = (): unknown => {
      const { status, stdout } = run(...args);
      assert.equal(status, 0);
      const { summary } = JSON.parse(stdout) as { summary: { orchestrator: string; latency: unknown }[] };
      return summary.map(({ orchestrator, latency }) => ({ orchestrator, latency }));
    };
    const once = figures();
    assert.deepEqual(
      (once as { orchestrator: string }[]).map(({ orchestrator }) => orchestrator),
      ['greedy', 'heft'],
    );
    assert.deepEqual(figures(), once);
  });

  it('goes on from what an output folder holds, and makes anew what is missing', () => {
    const args = [
      'short.yaml',
      '--orchestrator',
      'greedy',
      '--replications',
      '2',
      '--out',
      'out',
      '-o',
      'csv',
    ];
    const first = run(...args);
    assert.equal(first.status, 0, first.stderr);
    assert.equal(files('out/plots/short/*.svg').length, 3);
    const [kept = '', lost = ''] = files('out/runs/*/*.json');
    const before = statSync(join(root, kept)).mtimeMs;
    rmSync(join(root, lost));
    const second = run(...args);
    assert.match(second.stderr, /out holds 1 of 2 runs already; 1 to go/);
    assert.equal(statSync(join(root, kept)).mtimeMs, before);
    // All but the last two columns, which are wall times.
    const figures = (csv: string): string[] =>
      csv.split('\r\n').map((line) => line.replace(/(,[^,]*){2}$/, ''));
    assert.deepEqual(figures(second.stdout), figures(first.stdout));
  });

  const bad: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
    'an unknown scenario': [['nowhere'], /nowhere: .*built in are .*S3/],
    'an unknown orchestrator': [['S3', '--orchestrator', 'gredy'], /did you mean greedy/],
    'data that is not there': [['S1'], /bs-shanghai-telecom is needed .*--data DIR/],
    'a folder of other files': [['S3', '--out', '.'], /holds other files .*--out DIR/],
    'no replications': [['S3', '--replications', '0'], /a whole number from 1/],
  };
  for (const [name, [args, message]] of Object.entries(bad))
    it(`refuses ${name} with exit code 2, before anything runs`, () => {
      const { status, stdout, stderr } = run(...args);
      assert.equal(status, 2);
      assert.equal(stdout, '');
      assert.match(stderr, message);
    });
});
