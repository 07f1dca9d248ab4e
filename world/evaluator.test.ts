import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { OMEGA, Utilisation, qosHinges, utilityCost } from './cost.ts';
import { Evaluator } from './evaluator.ts';
import type { Objective } from './evaluator.ts';
import { judge } from './judge.ts';
import { instanceOf } from './instance.ts';
import type { Instance } from './instance.ts';
import { randomWorld } from './random-world.ts';
import { dag, given, node, region, service, worldOf } from './test-world.ts';

/** Some placements of the first DAG of a random world. */
function placements(seed: number, contention: boolean): { instance: Instance; assigns: Int32Array[] } {
  const { snapshot, dags } = worldOf(randomWorld(seed, { contention }));
  const instance = instanceOf(snapshot, dags[0]!);
  const assigns = Array.from({ length: 6 }, (_, turn) =>
    Int32Array.from(
      { length: instance.tasks },
      (_, t) => ((seed >>> t) + turn * (t + 1)) % snapshot.hosts.length,
    ),
  );
  return {
    instance,
    assigns: assigns.filter((a) =>
      a.every((h, t) => instance.services[instance.serviceOf[t]!]!.hosts.includes(h)),
    ),
  };
}

describe('the fast evaluator beside the exact judge', () => {
  it('says the same when nothing is reserved', () => {
    let same = 0;
    fc.assert(
      fc.property(fc.nat(1e6), fc.constantFrom<Objective>('latency', 'utility'), (seed, objective) => {
        const { instance, assigns } = placements(seed, false);
        const evaluator = new Evaluator(instance, objective);
        for (const assign of assigns) {
          const value = evaluator.value(assign);
          const { feasible, cost, predicted } = judge(instance, assign);
          assert.equal(evaluator.broken <= 1e-9, feasible, `seed ${seed}`);
          if (!feasible) continue;
          same++;
          assert.ok(Math.abs(evaluator.flow.jitter - predicted.jitterMicros) <= 0.5 + 1e-6);
          const [found, want, slack] =
            objective === 'latency' ? [value, predicted.latencyMicros, 0.5] : [value, cost, 1e-9];
          assert.ok(Math.abs(found - want) <= slack + 1e-9, `seed ${seed}: ${found}, judged ${want}`);
          assert.ok(Math.abs(evaluator.bound(assign) - value) <= 1e-9 * Math.max(1, value));
        }
      }),
      { numRuns: 150 },
    );
    assert.ok(same > 100, String(same));
  });

  it('is never better than its bound, nor the judge than the bound of ℓ, when flows are in each other’s way', () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const { instance, assigns } = placements(seed, true);
        const evaluator = new Evaluator(instance, 'latency');
        for (const assign of assigns) {
          const { feasible, predicted, violations } = judge(instance, assign);
          const bound = evaluator.bound(assign);
          if (feasible) assert.ok(predicted.latencyMicros >= bound - 0.5, `seed ${seed}: ${bound}`);
          const value = evaluator.value(assign);
          assert.ok(bound === Infinity ? evaluator.broken > 0 : value >= bound * (1 - 1e-9));
          // What it calls feasible on the table's paths is, but that a quicker path may vary more or fail more.
          const aside = ['qos.maxJitter', 'qos.minSuccess', 'qos.maxSync'];
          const hard = violations.filter((v) => v.hard && !aside.includes(v.constraint));
          if (evaluator.broken === 0 && value < 1e6) assert.deepEqual(hard, [], `seed ${seed}`);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('forgets one placement before the next', () => {
    const { instance, assigns } = placements(5, true);
    const evaluator = new Evaluator(instance, 'utility');
    const first = assigns.map((a) => evaluator.value(a));
    assert.deepEqual(
      assigns.toReversed().map((a) => evaluator.value(a)),
      first.toReversed(),
    );
  });

  it('finds no room where none is, and does not gain by a host that is overfull already', () => {
    const { snapshot, dags } = worldOf([
      region('r', { attachment: { latency: '0us', bandwidth: '1G' } }),
      node('n1', { allocatable: { memory: '1Gi' } }),
      node('n2'),
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'fat', namespace: 'default' },
        spec: { nodeName: 'n1', containers: [{ name: 'c', resources: { requests: { memory: '2Gi' } } }] },
      },
      dag('d', { microservices: [service('a', { work: '1M' })] }),
    ]);
    const evaluator = new Evaluator(instanceOf(snapshot, dags[0]!), 'latency');
    // It asks for no memory: n1 is as good as n2.
    assert.deepEqual([evaluator.value(Int32Array.of(0)), evaluator.broken], [1000, 0]);
    assert.deepEqual([evaluator.value(Int32Array.of(1)), evaluator.broken], [1000, 0]);
  });
});

describe('the objective J', () => {
  const instance = given([
    region('r', { attachment: { latency: '0us', bandwidth: '1G' } }),
    node('n1', { cpu: '4', allocatable: { memory: '0' } }),
    node('n2', { cpu: '2', allocatable: { memory: '0' } }),
    dag('d', {
      qos: { maxLatency: '10ms', maxJitter: '1ms', minSuccess: '0.8' },
      microservices: [service('a', { work: '5M', cpu: '2' })],
    }),
  ]);
  it('is 0.7 ℓ/ℓmax + 0.1 R + 0.1 LB + 0.1 (1 − P)', () => {
    assert.deepEqual(OMEGA, [0.7, 0.1, 0.1, 0.1]);
    // ℓ = 2.5 ms; cpu: 2 of 4 and 0 of 2, so R = 1/4 and the variance 1/16, times 4.
    const { cost } = judge(instance, Int32Array.of(0));
    assert.ok(Math.abs(cost - (0.7 * 0.25 + 0.1 * 0.25 + 0.1 * 0.25)) < 1e-12, String(cost));
  });

  it('adds a hinge for each limit by itself: slack in one does not pay for another', () => {
    const outcome = { latency: 20_000, jitter: 500, sync: 0, success: 0.6 };
    assert.ok(Math.abs(qosHinges(instance, outcome) - (1 + 0.25)) < 1e-12);
    assert.ok(Math.abs(utilityCost(instance, outcome, 0.05) - (1.4 + 0.05 + 0.04 + 1.25)) < 1e-12);
    assert.equal(qosHinges(instance, { latency: 10_000, jitter: 1000, sync: 1e9, success: 0.8 }), 0);
  });

  it('keeps R and LB in [0, 1]', () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const { instance: some, assigns } = placements(seed, true);
        const utilisation = new Utilisation(some);
        const width = some.snapshot.resources.length;
        for (const assign of assigns) {
          const extra = new Float64Array(some.snapshot.hosts.length * width);
          for (const [t, h] of assign.entries()) {
            for (let r = 0; r < width; r++)
              extra[h * width + r]! += some.services[some.serviceOf[t]!]!.request[r]!;
          }
          if (extra.some((amount, at) => amount > some.snapshot.allocatable[at]!)) continue;
          const touched = [...new Set(assign)];
          const cost = utilisation.cost(extra, touched, touched.length);
          assert.ok(cost >= 0 && cost <= 0.2 + 1e-12);
        }
      }),
    );
  });
});
