import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { survival } from './crash.ts';

describe('a writer killed with SIGKILL', () => {
  // 100 in the bench (make bench-memory), and here with EDGELOOM_KILLS=100.
  const kills = Number(process.env['EDGELOOM_KILLS'] ?? 3);
  it(`leaves every acknowledged trace whole and the file sound, ${kills} times over`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'edgeloom-memory-'));
    try {
      const { acknowledged, lost, damaged } = await survival(join(folder, 'memory.db'), kills);
      assert.ok(acknowledged > kills, `${acknowledged} traces were acknowledged`);
      assert.deepEqual({ lost, damaged }, { lost: 0, damaged: 0 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }).timeout(20_000 + 3000 * kills);
});
