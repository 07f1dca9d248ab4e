import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Evaluator } from '#world/evaluator.ts';
import { instanceOf } from '#world/instance.ts';
import { randomWorld } from '#world/random-world.ts';
import { worldOf } from '#world/test-world.ts';
import { annealing } from './annealing.ts';
import { greedyEft } from './greedy.ts';

function evaluatorOf(seed: number): Evaluator | undefined {
  const { snapshot, dags } = worldOf(randomWorld(seed, { nodes: 6, tasks: 6 }));
  const [dag] = dags;
  if (dag === undefined) return undefined;
  const instance = instanceOf(snapshot, dag);
  return instance.services.every((s) => s.hosts.length > 0) ? new Evaluator(instance, 'utility') : undefined;
}

describe('simulated annealing', () => {
  it('is never worse than its start, keeps fixed replicas and always says the same', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(300), fc.nat(63), (seed, evaluations, mask) => {
        const evaluator = evaluatorOf(seed);
        if (evaluator === undefined) return;
        const start = greedyEft(evaluator);
        const fixed = start.map((host, task) => ((mask >> task) % 2 === 1 ? host : -1));
        const found = annealing(evaluator, start, evaluations, fixed);
        assert.deepEqual(annealing(evaluator, start, evaluations, fixed), found);
        assert.ok(evaluator.value(found) <= evaluator.value(start));
        for (const [task, host] of fixed.entries()) if (host >= 0) assert.equal(found[task], host);
      }),
      { numRuns: 150 },
    );
  });

  it('beats a thousand random placements in four of five worlds', () => {
    let beaten = 0;
    let worlds = 0;
    for (let seed = 0; seed < 40; seed++) {
      const evaluator = evaluatorOf(seed);
      if (evaluator === undefined) continue;
      worlds++;
      const { services, serviceOf } = evaluator.instance;
      const found = evaluator.value(annealing(evaluator, greedyEft(evaluator), 2000));
      let state = seed + 1;
      for (let i = 0; i < 1000; i++) {
        const random = Int32Array.from(serviceOf, (s) => {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          const hosts = services[s]?.hosts ?? new Int32Array(1);
          return hosts[Math.floor((state / 2 ** 32) * hosts.length)] ?? 0;
        });
        if (evaluator.value(random) < found * (1 - 1e-9)) {
          beaten++;
          break;
        }
      }
    }
    assert.ok(beaten <= worlds / 5, `${beaten} of ${worlds} were beaten`);
  });
});
