/**
 * Writes the generated part of config/samples from hack/demo/data:
 *
 *   node hack/demo/generate-samples.ts [--check]
 *
 * Twice gives the same bytes. `--check` writes nothing and fails when a file would change.
 */
import { join } from 'node:path';
import { writeOrCheck } from './files.ts';
import { generatedSamples } from './samples.ts';

const args = process.argv.slice(2);
if (args.some((arg) => arg !== '--check')) {
  console.error('usage: node hack/demo/generate-samples.ts [--check]');
  process.exitCode = 2;
} else {
  const dir = join(import.meta.dirname, '..', '..', 'config', 'samples');
  process.exitCode = writeOrCheck(dir, generatedSamples(), args.includes('--check'));
}
