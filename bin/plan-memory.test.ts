import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseFiles } from '#crds/parse.ts';
import type { PlanDocument } from '#planner/document.ts';
import { Memory } from '#planner/memory/memory.ts';
import { readReport } from '#planner/memory/report.ts';

const EDGELOOM = join(import.meta.dirname, 'edgeloom');
const SAMPLE = join(import.meta.dirname, '../config/samples/quickstart.yaml');

describe('edgeloom plan --memory', function () {
  this.timeout(60_000);
  let folder = '';
  before(() => (folder = mkdtempSync(join(tmpdir(), 'edgeloom-plan-memory-'))));
  after(() => rmSync(folder, { recursive: true }));
  const plan = (...more: string[]): { code: number | null; out: string; err: string } => {
    const { status, stdout, stderr } = spawnSync(EDGELOOM, ['plan', '-f', SAMPLE, ...more], {
      encoding: 'utf8',
    });
    return { code: status, out: stdout, err: stderr };
  };
  const document = (text: string): PlanDocument => ({
    ...(JSON.parse(text) as PlanDocument),
    elapsedMicros: 0,
  });

  it('names the traces it recalled, and plans the same without', async () => {
    const where = join(folder, 'memory.db');
    const alone = document(plan('-o', 'json').out);
    const { predicted } = alone;
    assert.ok(predicted !== undefined);
    const { nodes, edgeRegions: regions, serviceDAGs: dags, pods } = await parseFiles([SAMPLE]);
    const memory = new Memory({ where, clock: () => performance.now() });
    const performanceThen = {
      latencyMicros: predicted.latencyMicros,
      p99LatencyMicros: predicted.worstLatencyMicros,
      jitterMicros: predicted.jitterMicros,
      syncMicros: predicted.syncMicros,
      successPpm: predicted.successPpm,
      violationPpm: 0,
      utilisationPpm: 0,
    };
    const read = readReport({
      dag: alone.dag,
      objects: { nodes, regions, dags, pods, nowMs: 0 },
      decision: alone,
      window: 0,
      policy: 'Search',
      shareable: false,
      outcome: { atMs: 1_790_000_000_000, performance: performanceThen, rollout: [] },
    });
    const { id } = await memory.report(read, { identity: 'test', mayReport: () => true });
    await memory.close();
    const helped = document(plan('--memory', where, '-o', 'json').out);
    assert.deepEqual(helped.provenance.traces, [id]);
    assert.deepEqual(helped.assignments, alone.assignments);
    const { out, err } = plan('--memory', where);
    assert.match(out, /^1 traces? retrieved; search did as well/m, err);
  });

  it('goes on without a memory that is not there, says so, and makes none', () => {
    const where = join(folder, 'none.db');
    const { code, out, err } = plan('--memory', where, '-o', 'json');
    assert.equal(code, 0);
    assert.match(err, /warning: \S+ is planned without the memory: .*none\.db: no such memory/);
    assert.match(document(out).provenance.withoutMemory ?? '', /no such memory/);
    assert.equal(existsSync(where), false);
  });
});
