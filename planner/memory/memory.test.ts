import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { parseText } from '#crds/parse.ts';
import { randomWorld } from '#world/random-world.ts';
import { keyOf } from '#world/objects.ts';
import type { Objects } from '#world/objects.ts';
import { snapshotOf } from '#world/snapshot.ts';
import { documentOf } from '../document.ts';
import { PLAN_DEFAULTS } from '../plan-options.ts';
import { planDag } from '../plan.ts';
import type { Plan } from '../plan.ts';
import { compareJudged } from '../search/refine.ts';
import { Memory } from './memory.ts';
import { readReport } from './report.ts';

const NOW_MS = 1_790_000_000_000;
const agent = { identity: 'test', mayReport: (): boolean => true };

function objectsOf(seed: number): Objects {
  const items = randomWorld(seed, { nodes: 16, services: 9, tasks: 24 });
  const parsed = parseText(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), 'test');
  const { nodes, edgeRegions: regions, serviceDAGs: dags } = parsed;
  return { nodes, regions, dags, nowMs: NOW_MS };
}

/** Plans with a tiny budget, so that there is something left to remember. */
const planWith = (
  memory: Memory | undefined,
  objects: Objects,
  dag: ServiceDAG,
  budgetMs = 0.05,
): Promise<Plan> =>
  planDag(snapshotOf(objects), dag, {
    ...PLAN_DEFAULTS,
    budgetMs,
    ...(memory === undefined ? {} : { recall: memory.recallIn(objects) }),
  });

/** Tells a memory that a plan went as it was expected to. */
async function remember(memory: Memory, objects: Objects, plan: Plan): Promise<string | undefined> {
  const { best } = plan;
  if (best === undefined || !plan.feasible) return undefined;
  const { predicted } = best;
  const read = readReport({
    dag: plan.dag,
    objects,
    decision: documentOf(plan, 0),
    window: 0,
    policy: 'Search',
    shareable: false,
    outcome: {
      atMs: NOW_MS,
      performance: {
        latencyMicros: predicted.latencyMicros,
        p99LatencyMicros: predicted.worstLatencyMicros,
        jitterMicros: predicted.jitterMicros,
        syncMicros: predicted.syncMicros,
        successPpm: predicted.successPpm,
        violationPpm: 0,
        utilisationPpm: 0,
      },
      rollout: [],
    },
  });
  const { kind, id } = await memory.report(read, agent);
  assert.equal(kind, 'admit');
  return id;
}

describe('a memory as a source of plans', function () {
  this.timeout(30_000);
  let folder = '';
  let opened: Memory[] = [];
  before(() => (folder = mkdtempSync(join(tmpdir(), 'edgeloom-source-'))));
  after(() => rmSync(folder, { recursive: true }));
  afterEach(async () => {
    for (const memory of opened) await memory.close();
    opened = [];
  });
  const memoryAt = (where: string, over: object = {}): Memory => {
    const memory = new Memory({ where, clock: () => performance.now(), ...over });
    opened.push(memory);
    return memory;
  };

  it('is never worse than search alone, wins where it is strictly better, and names the traces', async () => {
    const memory = memoryAt(join(folder, 'law.db'));
    let won = 0;
    let asked = 0;
    for (let seed = 1; seed <= 16; seed++) {
      const objects = objectsOf(seed);
      const [dag] = objects.dags;
      assert.ok(dag !== undefined);
      const good = await planWith(undefined, objects, dag, 50);
      const id = await remember(memory, objects, good);
      if (id === undefined) continue;
      const [alone, helped] = [await planWith(undefined, objects, dag), await planWith(memory, objects, dag)];
      assert.ok(helped.recollected?.traces.includes(id), `seed ${seed}: ${helped.recollected?.without}`);
      assert.ok(alone.best !== undefined && helped.best !== undefined);
      const order = compareJudged('utility', helped.best, alone.best);
      assert.ok(order <= 0, `seed ${seed}: ${helped.best.cost} with memory, ${alone.best.cost} without`);
      if (helped.source === 'Memory') assert.ok(order < 0);
      asked++;
      won += Number(helped.source === 'Memory');
    }
    assert.ok(asked >= 8 && won >= 1, `${won} of ${asked}`);
  });

  it('gives the same plan for the same memory and question', async () => {
    const objects = objectsOf(5);
    const [dag] = objects.dags;
    assert.ok(dag !== undefined);
    const memory = memoryAt(join(folder, 'same.db'));
    await remember(memory, objects, await planWith(undefined, objects, dag, 50));
    const told = async (from: Memory): Promise<unknown> => documentOf(await planWith(from, objects, dag), 0);
    const first = await told(memory);
    assert.deepEqual(await told(memory), first);
    assert.deepEqual(await told(memoryAt(join(folder, 'same.db'), { readOnly: true })), first);
  });

  it('is planned without when it is away, and the plan says why', async () => {
    const objects = objectsOf(5);
    const [dag] = objects.dags;
    assert.ok(dag !== undefined);
    const alone = documentOf(await planWith(undefined, objects, dag), 0);
    for (const where of ['bolt://127.0.0.1:1', join(folder, 'no', 'such', 'folder', 'm.db')]) {
      const { provenance, ...rest } = documentOf(await planWith(memoryAt(where), objects, dag), 0);
      assert.ok((provenance.withoutMemory ?? '') !== '', where);
      assert.deepEqual({ ...rest, provenance: alone.provenance }, alone);
    }
    assert.equal(keyOf(dag), alone.dag);
  });
});
