/** `make verify`: every check that is not a test, all of them even when one fails; exit 1 when any does. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

const CHECKS = [
  {
    name: 'generated files are fresh',
    command: ['node', 'hack/generate.ts', '--check'],
    fix: 'make generate',
  },
  {
    name: 'samples are fresh',
    command: ['node', 'hack/demo/generate-samples.ts', '--check'],
    fix: 'node hack/demo/generate-samples.ts',
  },
  { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'], fix: 'make fix' },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings', '--quiet'], fix: 'make fix' },
  { name: 'types', command: ['tsc', '--noEmit'], fix: 'mend what is named' },
  { name: 'dead code', command: ['knip'], fix: 'delete what is named' },
  { name: 'clean tree', command: ['git', 'diff', '--exit-code', '--stat'], fix: 'commit' },
] as const;

let failed = 0;
for (const { name, command, fix } of CHECKS) {
  const [program, ...args] = command;
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8' });
  process.stdout.write(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}\n`);
  if (status === 0) continue;
  failed++;
  process.stdout.write(`${stdout}${stderr}       → ${fix}\n`);
}
process.exitCode = failed === 0 ? 0 : 1;
