import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { byHost } from './fractions.ts';
import { instanceOf } from './instance.ts';
import type { Instance } from './instance.ts';
import type { Judgement } from './judge.ts';
import { judge } from './judge.ts';
import { randomWorld } from './random-world.ts';
import { judgeSteered, SteeredEvaluator } from './steered.ts';
import { Steering } from './steering.ts';
import { dag, given, node, placed, region, service, worldOf } from './test-world.ts';
import type { Item } from './test-world.ts';

/** Less wrong first, then cheaper. */
const byCost = (a: Judgement, b: Judgement): number =>
  Number(b.feasible) - Number(a.feasible) || (a.cost === b.cost ? 0 : a.cost - b.cost);

/** East and west, 2 ms apart: `a` in the east calls `b` in both; 5 ms of work each call of `b`. */
const twoRegions = (rate: number, edge: Item = {}, bandwidth = '1G'): Item[] => [
  region('east', {
    attachment: { latency: '100us', bandwidth: '10G' },
    links: [{ from: 'east', to: 'west', latency: '2ms', bandwidth }],
  }),
  region('west', { attachment: { latency: '100us', bandwidth: '10G' } }),
  node('e', { region: 'east' }),
  node('w', { region: 'west' }),
  dag('d', {
    ingress: [{ region: 'east', requestsPerSecond: String(rate) }],
    microservices: [service('a'), service('b', { work: '5M', replicas: 2 })],
    edges: [{ from: 'a', to: 'b', payload: '10k', ...edge }],
  }),
];

/** Share of `b`'s calls that go to the west. */
function farShare(items: readonly Item[]): number {
  const instance = given(items);
  const assign = placed(instance, { a: 'e', b: ['e', 'w'] });
  const far = instance.snapshot.hosts.findIndex(({ name }) => name === 'w');
  const found = byHost(instance, assign, new Steering(instance).fractions(assign));
  return found.find(({ to }) => to === far)?.share ?? 0;
}

/** The first DAG of a random world, with rates, and a placement of it. */
function anywhere(seed: number): { instance: Instance; assign: Int32Array } | undefined {
  const { snapshot, dags } = worldOf(randomWorld(seed, { tasks: 8 }));
  const [plain] = dags;
  if (plain === undefined || plain.spec.ingress.length === 0) return undefined;
  const ingress = plain.spec.ingress.map((one) => ({ ...one, requestsPerSecond: String((seed % 97) * 8) }));
  const instance = instanceOf(
    snapshot,
    { ...plain, spec: { ...plain.spec, ingress } },
    (name) => 1 + ((seed >> name.length) % 3),
  );
  if (instance.services.some(({ hosts }) => hosts.length === 0)) return undefined;
  const assign = Int32Array.from({ length: instance.tasks }, (_, t) => {
    const hosts = instance.services[instance.serviceOf[t] ?? 0]?.hosts ?? [];
    return hosts[((seed >>> t) + t) % hosts.length] ?? 0;
  });
  return { instance, assign };
}

describe('steering', () => {
  it('stays local while the local replica is not full, and spills over the more, the fuller it gets', () => {
    const shares = [1, 20, 60, 120, 150, 180, 220, 300].map((rate) => farShare(twoRegions(rate)));
    assert.equal(shares[0], 0);
    assert.equal(shares[1], 0);
    assert.ok((shares.at(-1) ?? 0) > 0.4);
    for (const [i, share] of shares.entries())
      assert.ok(share >= (shares[i - 1] ?? 0) - 0.006, shares.join());
  });

  it('sends no more over a link than it has room for', () => {
    // 180 calls/s of 10 kB reserve 14.4 Mbit/s; even shares would need 7.2 of them on the link.
    const wide = farShare(twoRegions(180));
    const narrow = farShare(twoRegions(180, {}, '4M'));
    assert.ok(wide > 0.3, String(wide));
    assert.ok(narrow <= 4 / 14.4 && narrow > 0.25, String(narrow));
  });

  it('keeps calls off ways that take longer than their edge may, even when the near replica is full', () => {
    assert.equal(farShare(twoRegions(250, { maxLatency: '1ms' })), 0);
    const instance = given(twoRegions(250, { maxLatency: '1ms' }));
    const assign = placed(instance, { a: 'e', b: ['e', 'w'] });
    assert.equal(judge(instance, assign).feasible, false);
    assert.equal(judgeSteered(instance, assign, byCost).feasible, true);
  });

  it('sees what lies behind a callee', () => {
    const items = twoRegions(10).slice(0, 4);
    const chain = dag('d', {
      ingress: [{ region: 'east', requestsPerSecond: '10' }],
      microservices: [service('a'), service('b', { replicas: 2 }), service('c'), service('z')],
      edges: [
        { from: 'a', to: 'b', payload: '1k' },
        { from: 'b', to: 'c', payload: '1M' },
        { from: 'b', to: 'z', payload: '1k' },
      ],
    });
    const instance = given([...items, chain]);
    const assign = placed(instance, { a: 'e', b: ['e', 'w'], c: 'w', z: 'e' });
    const [only, ...others] = byHost(instance, assign, new Steering(instance).fractions(assign));
    assert.deepEqual(others, []);
    assert.equal(instance.snapshot.hosts[only?.to ?? -1]?.name, 'w');
  });

  it('gives all callers of a join the same shares: the inputs of a request meet at one replica', () => {
    const items = twoRegions(10).slice(0, 4);
    const diamond = dag('d', {
      ingress: [{ region: 'east', requestsPerSecond: '150' }],
      microservices: [service('a'), service('b'), service('c'), service('j', { work: '5M', replicas: 2 })],
      edges: ['b', 'c'].flatMap((mid) => [
        { from: 'a', to: mid },
        { from: mid, to: 'j' },
      ]),
    });
    const instance = given([...items, diamond]);
    const assign = placed(instance, { a: 'e', b: 'e', c: 'w', j: ['e', 'w'] });
    const found = byHost(instance, assign, new Steering(instance).fractions(assign));
    const rows = ['b', 'c'].map((caller) =>
      found.filter(({ edge }) => instance.edges[edge]?.from === caller).map(({ to, share }) => [to, share]),
    );
    assert.equal(rows[0]?.length, 2);
    assert.deepEqual(rows[0], rows[1]);
    const quick = new SteeredEvaluator(instance, 'utility');
    assert.ok(quick.value(assign) < Infinity);
  });

  it('leaves calls even where no rate is known', () => {
    const instance = given(twoRegions(0));
    const assign = placed(instance, { a: 'e', b: ['e', 'w'] });
    assert.deepEqual([...new Steering(instance).fractions(assign)], [0.5, 0.5]);
    assert.equal(judgeSteered(instance, assign, byCost).fractions, undefined);
  });

  it('deals out exactly all calls, to hosts that have a replica, the same whenever asked', () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const found = anywhere(seed);
        if (found === undefined) return;
        const { instance, assign } = found;
        const steering = new Steering(instance);
        const fractions = steering.fractions(assign);
        assert.deepEqual(steering.fractions(assign), fractions);
        const rows = Map.groupBy(byHost(instance, assign, fractions), (f) => `${f.edge}/${f.from}`);
        for (const row of rows.values())
          assert.ok(Math.abs(row.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
        assert.ok(fractions.every((share) => share >= 0 && share <= 1));
      }),
    );
  });

  it('is never judged worse than an even spread, carries a million parts per edge and often pays', () => {
    let better = 0;
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const found = anywhere(seed);
        if (found === undefined) return;
        const { instance, assign } = found;
        const even = judge(instance, assign);
        const steered = judgeSteered(instance, assign, byCost);
        assert.ok(byCost(steered, even) <= 0);
        if (steered.fractions !== undefined) better++;
        for (const { paths } of steered.routes)
          if (paths.length > 0)
            assert.equal(
              paths.reduce((sum, { weightPpm }) => sum + weightPpm, 0),
              1_000_000,
            );
      }),
      { numRuns: 100 },
    );
    assert.ok(better > 3, String(better));
  });

  it('makes no placement look worse to a search than an even spread does', () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const found = anywhere(seed);
        if (found === undefined) return;
        const { instance, assign } = found;
        const steered = new SteeredEvaluator(instance, 'utility');
        const value = steered.value(assign);
        const { broken } = steered;
        assert.equal(steered.value(assign), value);
        assert.equal(steered.flow.traffic, undefined);
        const plain = judge(instance, assign);
        if (plain.feasible && instance.edges.every(({ bps }) => bps === 0))
          assert.ok(value <= plain.cost + 1e-9 && broken <= 1e-9);
      }),
    );
  });
});
