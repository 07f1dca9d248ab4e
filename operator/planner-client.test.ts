import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Objects } from '#world/objects.ts';
import { FakePlanner } from './fake-planner.ts';
import { askPlanner } from './planner-client.ts';

describe('the client of the planner', () => {
  it('says who asks with the token that the file has at that time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'edgeloom-token-'));
    const planner = await FakePlanner.start();
    const tokenFile = join(folder, 'token');
    const objects: Objects = { nodes: [], regions: [], dags: [], pods: [], plans: [], nowMs: 0 };
    const ask = (file: string | undefined): Promise<unknown> =>
      askPlanner(
        { url: planner.url, tokenFile: file },
        { objects, dag: 'a/b', keep: false, moves: 0, replicas: {}, ranks: 1 },
        AbortSignal.timeout(5_000),
      );
    try {
      await ask(undefined);
      await ask(tokenFile);
      writeFileSync(tokenFile, 'first\n');
      await ask(tokenFile);
      writeFileSync(tokenFile, 'second\n');
      await ask(tokenFile);
    } finally {
      await planner.stop();
      rmSync(folder, { recursive: true });
    }
    assert.deepEqual(planner.callers, [undefined, undefined, 'Bearer first', 'Bearer second']);
  });
});
