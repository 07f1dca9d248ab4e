/** `make test`: unit, property and contract tests, then the end-to-end ones on a local cluster; the last line is the count. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/** Timeout of one end-to-end test; each starts a cluster of real servers. */
const E2E_TIMEOUT_MS = 240_000;

const SUITES = [
  { name: 'unit, property and contract tests', args: [] },
  {
    name: 'end-to-end tests on a local cluster of real servers',
    args: [
      '--no-config',
      '--forbid-only',
      '--forbid-pending',
      '--reporter',
      'spec',
      '--timeout',
      String(E2E_TIMEOUT_MS),
      'e2e/**/*.test.ts',
    ],
  },
] as const;

interface Count {
  readonly passed: number;
  readonly failed: number;
  /** What mocha says of the failed ones. */
  readonly failures: string;
}

/** Runs mocha, shows what it prints, and reads its own figures. A mocha that dies without figures counts as one failure. */
function run(args: readonly string[]): Promise<Count> {
  return new Promise((resolve, reject) => {
    const mocha = join(ROOT, 'node_modules/mocha/bin/mocha.js');
    const child = spawn(process.execPath, [mocha, ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      process.stdout.write(chunk);
      text += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => {
      const count = (word: string): number =>
        Number(new RegExp(`^ *(\\d+) ${word}`, 'm').exec(text)?.[1] ?? 0);
      const failed = count('failing');
      resolve({
        passed: count('passing'),
        failed: code !== 0 && failed === 0 ? 1 : failed,
        failures: failed === 0 ? '' : text.slice(text.search(/^ *\d+ failing/m)),
      });
    });
  });
}

let passed = 0;
let failed = 0;
let failures = '';
for (const { name, args } of SUITES) {
  const started = performance.now();
  process.stdout.write(`\n# ${name}\n`);
  const count = await run(args);
  passed += count.passed;
  failed += count.failed;
  failures += count.failures;
  process.stdout.write(`# ${name}: ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
}
// Once more where people look: the end-to-end tests print hundreds of lines after a unit test that failed.
if (failures !== '') process.stdout.write(`\n# what failed\n${failures}\n`);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
