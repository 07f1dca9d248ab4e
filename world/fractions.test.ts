import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { Evaluator } from './evaluator.ts';
import { byHost, firstPairs } from './fractions.ts';
import type { Fractions } from './fractions.ts';
import { instanceOf } from './instance.ts';
import type { Instance } from './instance.ts';
import { judge } from './judge.ts';
import { queueWait } from './queueing.ts';
import { randomWorld } from './random-world.ts';
import { dag, given, node, placed, region, service, worldOf } from './test-world.ts';
import type { Item } from './test-world.ts';
import { Traffic } from './traffic.ts';

/** The first DAG of a random world and a placement of it, from a seed. */
function anywhere(seed: number, contention = true): { instance: Instance; assign: Int32Array } {
  const { snapshot, dags } = worldOf(randomWorld(seed, { contention, tasks: 8 }));
  const instance = instanceOf(snapshot, dags[0]!);
  const assign = Int32Array.from({ length: instance.tasks }, (_, t) => {
    const hosts = instance.services[instance.serviceOf[t] ?? 0]?.hosts ?? [];
    return hosts[((seed >>> t) + t) % hosts.length] ?? 0;
  });
  return { instance, assign };
}

/** Every caller's calls spread evenly, written out. */
function evenOf(instance: Instance): Fractions {
  const first = firstPairs(instance);
  const even = new Float64Array(first.at(-1) ?? 0);
  for (const { index, target } of instance.edges)
    even.fill(1 / (instance.services[target]?.replicas ?? 1), first[index], first[index + 1]);
  return even;
}

/** One caller on `a` and two callees, near on `a` and 10 ms away on `b`; 1 ms of work, 100 requests/s. */
const nearAndFar = (over: Item = {}): Item[] => [
  region('r', { attachment: { latency: '5ms', bandwidth: '1G' } }),
  node('a', { mips: 1000 }),
  node('b', { mips: 1000 }),
  dag('d', {
    ingress: [{ region: 'r', requestsPerSecond: '100' }],
    microservices: [service('m'), service('n', { work: '1M', replicas: 2 })],
    edges: [{ from: 'm', to: 'n', payload: '0', ...over }],
  }),
];

describe('steered flows', () => {
  it('that are even are the flows of an even spread, figure for figure', () => {
    let several = 0;
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const { instance, assign } = anywhere(seed);
        const even = judge(instance, assign);
        const { cost, fractions, ...rest } = judge(instance, assign, evenOf(instance));
        if (instance.services.some(({ entry, replicas }) => !entry && replicas > 1)) several++;
        assert.ok(fractions !== undefined);
        assert.ok(cost === even.cost || Math.abs(cost - even.cost) <= 1e-9 * even.cost);
        const { assignments, routes, predicted, violations, feasible, claim } = even;
        // Whole bits are dealt to pairs in another order: what is reserved may be one off.
        const plain = (all: typeof routes): unknown =>
          all.map((r) => r.paths.map(({ via, weightPpm }) => [via, weightPpm]));
        assert.equal(rest.feasible, feasible);
        if (instance.edges.every(({ bps }) => bps === 0)) {
          assert.deepEqual(rest.claim, claim);
          assert.deepEqual(rest.violations, violations);
          assert.deepEqual(rest.assignments, assignments);
        }
        assert.deepEqual(rest.predicted, predicted);
        assert.deepEqual(plain(rest.routes), plain(routes));
      }),
      { numRuns: 150 },
    );
    assert.ok(several > 5, String(several));
  });

  it('take the time of what really comes: near ones wait for near transfers, queues for their own rate', () => {
    const instance = given(nearAndFar());
    const assign = placed(instance, { m: 'a', n: ['a', 'b'] });
    const steered = judge(instance, assign, Float64Array.from([0.9, 0.1]));
    const near = 1000 + queueWait(90, 1000);
    const far = 10_000 + 1000 + queueWait(10, 1000);
    assert.equal(
      steered.predicted.latencyMicros,
      Math.round(judge(instance, assign).ingress[0]!.latencyMicros + 0.9 * near + 0.1 * far),
    );
    assert.deepEqual(
      steered.routes[0]?.paths.map(({ via, weightPpm }) => [via.at(-1), weightPpm]),
      [
        ['a', 900_000],
        ['b', 100_000],
      ],
    );
    const [, first, second] = steered.assignments.map(({ serveMicros }) => serveMicros);
    assert.deepEqual([first, second], [Math.round(near), Math.round(far - 10_000)]);
    assert.deepEqual(
      steered.predicted.steps.filter(({ kind }) => kind === 'transfer').map(({ micros }) => micros),
      [1000],
    );
  });

  it('reserve links in their proportion', () => {
    const instance = given(nearAndFar({ minBandwidth: '100M' }));
    const assign = placed(instance, { m: 'a', n: ['a', 'b'] });
    const { routes, claim } = judge(instance, assign, Float64Array.from([0.75, 0.25]));
    assert.deepEqual(
      routes[0]?.paths.map(({ bandwidthBps }) => bandwidthBps),
      [75e6, 25e6],
    );
    assert.deepEqual(
      claim.arcs.map(({ bps }) => bps),
      [25e6, 25e6],
    );
  });

  it('break no limit on a way that no call takes', () => {
    const instance = given(nearAndFar({ maxLatency: '2ms' }));
    const assign = placed(instance, { m: 'a', n: ['a', 'b'] });
    assert.equal(judge(instance, assign).feasible, false);
    const near = judge(instance, assign, Float64Array.from([1, 0]));
    assert.equal(near.feasible, true);
    assert.equal(near.predicted.worstLatencyMicros, near.predicted.latencyMicros);
  });

  it('score the same in the fast evaluator where nothing is reserved', () => {
    let steered = 0;
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 64, maxLength: 64 }),
        (seed, dice) => {
          const { instance, assign } = anywhere(seed, false);
          if (instance.services.some(({ hosts }) => hosts.length === 0)) return;
          const fractions = drawn(instance, dice);
          const evaluator = new Evaluator(instance, 'utility');
          evaluator.flow.traffic = new Traffic(instance, evaluator.flow.firstPair).steer(assign, fractions);
          const value = evaluator.value(assign);
          const { feasible, cost } = judge(instance, assign, fractions);
          assert.equal(evaluator.broken <= 1e-9, feasible, `seed ${seed}`);
          if (!feasible) return;
          if (byHost(instance, assign, fractions).length > 0) steered++;
          assert.ok(Math.abs(value - cost) <= 1e-9, `seed ${seed}: ${value}, judged ${cost}`);
        },
      ),
      { numRuns: 300 },
    );
    assert.ok(steered > 0, String(steered));
  });

  it('keep every call: what reaches the replicas of a service sums to its calls', () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 64, maxLength: 64 }),
        (seed, dice) => {
          const { instance, assign } = anywhere(seed);
          const first = firstPairs(instance);
          const traffic = new Traffic(instance, first).steer(assign, drawn(instance, dice));
          const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
          for (const { firstTask, replicas } of instance.services)
            assert.ok(Math.abs(sum(traffic.visits.subarray(firstTask, firstTask + replicas)) - 1) < 1e-9);
          for (const { index } of instance.edges)
            assert.ok(Math.abs(sum(traffic.carried.subarray(first[index], first[index + 1])) - 1) < 1e-9);
        },
      ),
    );
  });
});

/** Fractions from dice: some callers send everything to one callee. */
function drawn(instance: Instance, dice: readonly number[]): Fractions {
  const first = firstPairs(instance);
  const fractions = evenOf(instance);
  let at = 0;
  const next = (): number => dice[at++ % dice.length] ?? 0;
  for (const { index, source, target } of instance.edges) {
    const replicas = instance.services[target]?.replicas ?? 1;
    for (let i = 0; i < (instance.services[source]?.replicas ?? 0); i++) {
      const row = Array.from({ length: replicas }, () => (next() < 0.3 ? 0 : next()));
      const sum = row.reduce((a, b) => a + b, 0);
      if (sum === 0) continue;
      for (const [j, share] of row.entries()) fractions[(first[index] ?? 0) + i * replicas + j] = share / sum;
    }
  }
  return fractions;
}
