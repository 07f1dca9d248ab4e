import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from './bundle.ts';

describe('the bundle of the image', () => {
  it('runs without packages beside it, and has every worker and model beside it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'edgeloom-bundle-'));
    try {
      await bundle(folder);
      const help = execFileSync(process.execPath, [join(folder, 'main.mjs'), '--help'], { encoding: 'utf8' });
      assert.match(help, /plan/);
      assert.ok((await readdir(folder)).includes('milp-worker.mjs'));
      const models = await readdir(join(folder, 'models'));
      for (const name of ['encoder.onnx', 'limits.json', 'ranking.json'])
        assert.ok(models.includes(name), name);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
