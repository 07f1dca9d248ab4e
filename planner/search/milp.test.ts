import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { parseFiles } from '#crds/parse.ts';
import { Evaluator } from '#world/evaluator.ts';
import { instanceOf } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import { randomWorld } from '#world/random-world.ts';
import { snapshotOf } from '#world/snapshot.ts';
import { dag, given, node, placed, region, service, worldOf } from '#world/test-world.ts';
import type { Item } from '#world/test-world.ts';
import { oracle } from '../oracle.ts';
import { PLAN_DEFAULTS } from '../plan-options.ts';
import { planDag } from '../plan.ts';
import { greedyEft } from './greedy.ts';
import { solveExactly } from './milp.ts';

const FOLDER = new URL('../../bench/instances/', import.meta.url);

describe('solveExactly', () => {
  it('finds what trying every placement finds, from any start', async () => {
    let proven = 0;
    for (let seed = 0; seed < 10; seed++) {
      const { snapshot, dags } = worldOf(
        randomWorld(seed, { nodes: 4, services: 4, tasks: 5, dags: 1, contention: false, limits: false }),
      );
      const instance = instanceOf(snapshot, dags[0]!);
      const best = oracle(snapshot, dags[0]!, 'latency', 1100)?.best;
      if (best === undefined) continue;
      const evaluator = new Evaluator(instance, 'latency');
      const exact = await solveExactly(evaluator, [greedyEft(evaluator)], 10_000);
      const { feasible, predicted } = judge(instance, exact.assign);
      assert.deepEqual([feasible, exact.proven], [true, true], `seed ${seed}`);
      assert.ok(Math.abs(predicted.latencyMicros - best.predicted.latencyMicros) <= 1, `seed ${seed}`);
      proven++;
    }
    assert.ok(proven > 4, String(proven));
  }).timeout(60_000);

  const items: Item[] = [
    region('r', { attachment: { latency: '1ms', bandwidth: '1G' } }),
    region('s'),
    node('n1', { cpu: '1' }),
    node('n2', { cpu: '1', mips: 500 }),
    node('n3', { region: 's' }),
    dag('d', {
      ingress: [{ region: 'r' }],
      microservices: [service('a', { work: '1M' }), service('b', { work: '1500k' })],
      edges: [{ from: 'a', to: 'b' }],
    }),
  ];
  it('is not misled by a start that breaks a limit, nor by hosts that nobody reaches', async () => {
    const instance = given(items);
    const crowded = placed(instance, { a: 'n1', b: 'n1' });
    const exact = await solveExactly(new Evaluator(instance, 'latency'), [crowded], 10_000);
    assert.deepEqual(exact, {
      assign: Int32Array.of(1, 0),
      proven: true,
      latency: 1000 + 2000 + 2000 + 1500,
    });
  });

  it('keeps what is fixed', async () => {
    const instance = given(items);
    const start = placed(instance, { a: 'n1', b: 'n2' });
    const exact = await solveExactly(
      new Evaluator(instance, 'latency'),
      [start],
      10_000,
      Int32Array.of(0, -1),
    );
    assert.deepEqual([...exact.assign], [0, 1]);
  });
});

describe('search beside stored optima', () => {
  it('is never better than a proven one by more than rounding, and never far from it', async () => {
    const text = await readFile(new URL('optima.json', FOLDER), 'utf8');
    const optima = JSON.parse(text) as Record<string, { latencyMicros: number; proven: boolean }>;
    const gaps: number[] = [];
    for (const [name, { latencyMicros, proven }] of Object.entries(optima)) {
      if (!proven) continue;
      const {
        nodes,
        edgeRegions: regions,
        serviceDAGs: dags,
      } = await parseFiles([new URL(`${name}.json`, FOLDER).pathname]);
      const plan = await planDag(snapshotOf({ nodes, regions, dags, nowMs: 0 }), dags[0]!, {
        ...PLAN_DEFAULTS,
        objective: 'latency',
      });
      const found = plan.best!.predicted.latencyMicros;
      assert.equal(plan.feasible, true, name);
      assert.ok(found >= latencyMicros - 1, `${name}: ${found} below the optimum ${latencyMicros}`);
      gaps.push(found / latencyMicros - 1);
    }
    assert.ok(gaps.length >= 30);
    assert.ok(Math.max(...gaps) <= 0.1);
    assert.ok(gaps.reduce((a, b) => a + b, 0) / gaps.length <= 0.02);
  }).timeout(60_000);
});
