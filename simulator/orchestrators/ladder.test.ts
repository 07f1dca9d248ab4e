import assert from 'node:assert/strict';
import fc from 'fast-check';
import { InputError } from '#crds/input-error.ts';
import { EASE } from '#planner/plan-options.ts';
import { instanceOf } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import { keyOf } from '#world/objects.ts';
import { randomWorld } from '#world/random-world.ts';
import { ledgerWithout, snapshotOf, withClaim } from '#world/snapshot.ts';
import { dag, node, region, service } from '#world/test-world.ts';
import type { Item } from '#world/test-world.ts';
import type { Observation, Placement } from '../orchestrator.ts';
import { observe, smallCity } from './given.ts';
import { ORCHESTRATOR_NAMES, orchestratorOf } from './orchestrators.ts';

const SECOND = 1e6;
const QUICK = ORCHESTRATOR_NAMES.filter((name) => name !== 'milp');

/** Sum over hosts and resources of what is held beyond what is there. */
function overflow(items: readonly Item[], placements: readonly Placement[]): number {
  const { snapshot } = observe(items, { placements });
  const { used } = ledgerWithout(snapshot, undefined);
  return used.reduce((sum, amount, i) => sum + Math.max(0, amount - (snapshot.allocatable[i] ?? 0)), 0);
}

/** What the world model says of placements, one DAG after the other: the sum of J, Infinity where one breaks a hard limit. */
function predicted({ objects }: Observation, placements: readonly Placement[]): number {
  let world = snapshotOf({ ...objects, pods: [] });
  let sum = 0;
  for (const spec of objects.dags) {
    const instance = instanceOf(world, spec);
    const replicas = placements.find(({ dag }) => dag === keyOf(spec))?.replicas ?? [];
    if (replicas.length !== instance.tasks) return Infinity;
    const assign = Int32Array.from(replicas, ({ node }) => world.hosts.findIndex((h) => h.name === node));
    const judgement = judge(instance, assign);
    sum += judgement.feasible ? judgement.cost : Infinity;
    world = withClaim(world, judgement.claim);
  }
  return sum;
}

const counts = (placement: Placement | undefined): Record<string, number> =>
  Object.fromEntries(
    [...Map.groupBy(placement?.replicas ?? [], (r) => r.microservice)].map(([name, all]) => [
      name,
      all.length,
    ]),
  );

/** Replicas of `before` that have no place in `after`. */
function moved(before: Placement | undefined, after: Placement | undefined): number {
  const left = (after?.replicas ?? []).map((r) => `${r.microservice}@${r.node}`);
  return (before?.replicas ?? []).filter((r) => {
    const at = left.indexOf(`${r.microservice}@${r.node}`);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  }).length;
}

describe('every orchestrator', () => {
  for (const name of ORCHESTRATOR_NAMES) {
    it(`${name} places every replica within capacity, and always says the same`, async () => {
      const city = smallCity(3);
      const placements = await orchestratorOf(name).plan(observe(city));
      assert.equal(placements.length, 3);
      for (const placement of placements) assert.deepEqual(counts(placement), { a: 1, b: 1, c: 1 });
      assert.equal(overflow(city, placements), 0);
      assert.deepEqual(await orchestratorOf(name).plan(observe(city)), placements);
    }).timeout(20_000);
  }

  for (const name of [...QUICK, 'search:scale', 'greedy:once,scale', 'default-scheduler:scale']) {
    it(`${name} recreates what a lost node held, leaves the rest and repeats itself when asked again`, async () => {
      const run = async (): Promise<unknown> => {
        const city = smallCity(3);
        const orchestrator = orchestratorOf(name);
        const placements = await orchestrator.plan(observe(city));
        const lost = placements[0]?.replicas[0]?.node ?? '';
        const after = orchestrator.act(observe(city, { atMicros: SECOND, placements, down: [lost] }));
        assert.ok(after.length > 0);
        for (const placement of after) {
          const before = placements.find(({ dag }) => dag === placement.dag);
          const kept = before?.replicas.filter((r) => r.node !== lost) ?? [];
          assert.deepEqual(counts(placement), counts(before));
          assert.ok(placement.replicas.every((r) => r.node !== lost));
          assert.equal(moved({ dag: placement.dag, replicas: kept }, placement), 0);
        }
        const merged = placements.map((p) => after.find(({ dag }) => dag === p.dag) ?? p);
        assert.equal(overflow(city, merged), 0);
        const quiet = observe(city, { atMicros: 2 * SECOND, placements: merged, down: [lost] });
        assert.deepEqual(orchestrator.act(quiet), []);
        return after;
      };
      assert.deepEqual(await run(), await run());
    });
  }

  it('runs what it can of a DAG that does not fit, and the rest when there is room again', async () => {
    const city = [
      region('r', { attachment: { latency: '200us', bandwidth: '10G' } }),
      node('n1', { cpu: '2' }),
      node('n2', { cpu: '2' }),
      dag('app', { ingress: [{ region: 'r' }], microservices: ['a', 'b', 'c', 'd'] }),
    ];
    for (const name of QUICK) {
      const orchestrator = orchestratorOf(name);
      const first = await orchestrator.plan(observe(city, { down: ['n2'] }));
      assert.equal(first[0]?.replicas.length, 2, name);
      assert.equal(overflow(city, first), 0);
      const second = await orchestrator.plan(observe(city, { atMicros: SECOND, placements: first }));
      assert.equal(second[0]?.replicas.length, 4, name);
      assert.equal(moved(first[0], second[0]), 0, name);
    }
  });
});

describe('replanning', () => {
  /** Users go from the east to the west. */
  const turned = { 'default/app-0': [0, 2], 'default/app-1': [40, 2] };

  it('holds the move budget of every DAG and window', async () => {
    for (const name of QUICK) {
      const city = smallCity(4);
      const orchestrator = orchestratorOf(name);
      let placements = await orchestrator.plan(observe(city));
      for (let window = 1; window <= 4; window++) {
        const atMicros = window * 600 * SECOND;
        const next = await orchestrator.plan(observe(city, { atMicros, placements, rates: turned }));
        for (const placement of next) {
          const before = placements.find(({ dag }) => dag === placement.dag);
          assert.ok(moved(before, placement) <= 2, `${name} moved ${moved(before, placement)}`);
        }
        placements = placements.map((p) => next.find(({ dag }) => dag === p.dag) ?? p);
        assert.equal(overflow(city, placements), 0);
      }
    }
  });

  it('is left out by static, :once and the default scheduler', async () => {
    for (const name of ['static', 'search:once', 'heft:once', 'default-scheduler']) {
      const city = smallCity(2);
      const orchestrator = orchestratorOf(name);
      const placements = await orchestrator.plan(observe(city));
      const later = observe(city, { atMicros: 600 * SECOND, placements, rates: turned });
      assert.deepEqual(await orchestrator.plan(later), [], name);
    }
  });

  it('does not wait for the window when a DAG has missed its limits three periods long', async () => {
    const city = [
      region('r', {
        attachment: { latency: '100us', bandwidth: '10G' },
        links: [{ from: 'r', to: 's', latency: '20ms', bandwidth: '10G' }],
      }),
      region('s', { attachment: { latency: '100us', bandwidth: '10G' } }),
      node('r1', { region: 'r' }),
      node('s1', { region: 's' }),
      dag('app', {
        ingress: [
          { region: 'r', requestsPerSecond: '5' },
          { region: 's', requestsPerSecond: '0' },
        ],
        qos: { maxLatency: '30ms' },
        microservices: [service('a', { work: '1M' }), service('b', { work: '1M' })],
        edges: [{ from: 'a', to: 'b', payload: '1k' }],
      }),
    ];
    const orchestrator = orchestratorOf('search');
    const placements = await orchestrator.plan(observe(city));
    assert.deepEqual(
      placements[0]?.replicas.map((r) => r.node),
      ['r1', 'r1'],
    );
    const bad = (period: number): readonly Placement[] =>
      orchestrator.act(
        observe(city, {
          atMicros: period * 60 * SECOND,
          placements,
          rates: { 'default/app': [0, 5] },
          violated: { 'default/app': 0.5 },
        }),
      );
    assert.deepEqual([bad(1), bad(2)], [[], []]);
    assert.deepEqual(
      bad(3)[0]?.replicas.map((r) => r.node),
      ['s1', 's1'],
    );
  });
});

describe('scaling orchestrators', () => {
  it('add replicas as the load grows, take them back when it is gone, and stay within the limits of the spec', async () => {
    for (const name of [
      'search:scale',
      'greedy:scale',
      'search:once,scale',
      'default-scheduler:scale',
      'static:scale',
    ]) {
      const city = smallCity(1);
      const orchestrator = orchestratorOf(name);
      let placements = await orchestrator.plan(observe(city));
      assert.deepEqual(counts(placements[0]), { a: 1, b: 1, c: 1 }, name);
      const busy = { 'default/app-0': [400, 2] };
      const after = orchestrator.act(observe(city, { atMicros: 300 * SECOND, placements, rates: busy }));
      assert.deepEqual(counts(after[0]), { a: 3, b: 3, c: 3 }, name);
      assert.equal(moved(placements[0], after[0]), 0, name);
      assert.equal(overflow(city, after), 0);
      placements = [...after];
      const calm = { 'default/app-0': [1, 1] };
      const end = await orchestrator.plan(observe(city, { atMicros: 900 * SECOND, placements, rates: calm }));
      assert.deepEqual(counts(end[0]), { a: 1, b: 1, c: 1 }, name);
    }
  });

  it('steer calls only when they search: to every callee, all of them', async () => {
    const city = smallCity(1, 350);
    const steered = await orchestratorOf('search:scale').plan(observe(city));
    const sums = Map.groupBy(steered[0]?.routes ?? [], (r) => `${r.from}>${r.to}@${r.fromNode}`);
    assert.ok(sums.size > 0);
    for (const parts of sums.values())
      assert.equal(
        parts.reduce((sum, { weightPpm }) => sum + weightPpm, 0),
        1_000_000,
      );
    for (const name of ['search:scale,even', 'greedy:scale'])
      assert.equal((await orchestratorOf(name).plan(observe(city)))[0]?.routes, undefined);
  });
});

describe('the ladder', () => {
  it('search predicts no more than greedy, HEFT and the default scheduler in the same world, but for its ease', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(5000), async (seed) => {
        const seen = observe(randomWorld(seed, { nodes: 6, tasks: 6, dags: 1 }));
        const cost = async (name: string): Promise<number> =>
          predicted(seen, await orchestratorOf(name).plan(seen));
        const search = await cost('search:even');
        for (const name of ['greedy', 'heft', 'default-scheduler']) {
          const other = await cost(name);
          assert.ok(search <= other * (1 + EASE) + 1e-9, `${name} ${other}, search ${search}`);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('refuses to plan exactly what is too large for it', async () => {
    const city = [
      region('r', { attachment: { latency: '200us', bandwidth: '10G' } }),
      ...Array.from({ length: 101 }, (_, n) => node(`n${n}`)),
      dag('app', { ingress: [{ region: 'r' }], microservices: ['a', 'b', 'c', 'd'] }),
    ];
    await assert.rejects(orchestratorOf('milp').plan(observe(city)), (error: unknown) => {
      assert.ok(error instanceof InputError);
      assert.match(
        error.message,
        /ServiceDAG default\/app: 4 replicas on 101 nodes are 404 choices.*400.*smaller scenario/,
      );
      return true;
    });
  });

  const refused = {
    serch: /no orchestrator "serch"; did you mean search\?/,
    'search:always': /search has no variant "always"; known: once, scale, even/,
    'default-scheduler:once': /has no variant "once"; did you mean|has no variant "once"; known: scale/,
    'search:once:scale': /more than one ":"/,
    'search:': /has no variant ""/,
    '': /no orchestrator ""; known: static, default-scheduler/,
  };
  for (const [name, message] of Object.entries(refused))
    it(`refuses "${name}"`, () =>
      assert.throws(
        () => orchestratorOf(name),
        (e: unknown) => e instanceof InputError && message.test(e.message),
      ));
});
