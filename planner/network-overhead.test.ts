import assert from 'node:assert/strict';
import { UnknownReference, instanceOf } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import { ledgerWithout, withClaim } from '#world/snapshot.ts';
import { dag, node, placed, region, worldOf } from '#world/test-world.ts';
import type { Item, LinkFacts } from '#world/test-world.ts';
import { PLAN_DEFAULTS } from './plan-options.ts';
import { planDag } from './plan.ts';
import { SOURCE_NAMES } from './sources.ts';

/**
 * The world of kubernetes-sigs/scheduler-plugins, pkg/networkaware/networkoverhead/networkoverhead_test.go
 * (`GetNetworkTopologyCRBasic`, `GetAppGroupCRBasic`; Apache-2.0), told in our words: eight nodes in four zones of two regions,
 * a cost of 1 in a zone, 5 between Z1 and Z2, 10 between Z3 and Z4, 20 between regions; three workloads that call in a chain.
 * A cost of 1 is a latency of 1 ms. Each node has room for one pod.
 */
const ZONES = { n1: 'Z1', n2: 'Z1', n3: 'Z2', n4: 'Z2', n5: 'Z3', n6: 'Z3', n7: 'Z4', n8: 'Z4' } as const;
type Name = keyof typeof ZONES;
const NAMES = Object.keys(ZONES) as Name[];
const REGION = { Z1: 'us-west-1', Z2: 'us-west-1', Z3: 'us-east-1', Z4: 'us-east-1' } as const;

function cost(a: Name, b: Name): number {
  const [za, zb] = [ZONES[a], ZONES[b]];
  if (za === zb) return 1;
  if (REGION[za] !== REGION[zb]) return 20;
  return za === 'Z1' || zb === 'Z1' ? 5 : 10;
}

/** Links between every two nodes, because costs do not add up; `keep` leaves some out. */
function network(keep: (a: Name, b: Name) => boolean = () => true, bandwidth = '1G'): Item[] {
  const links = NAMES.flatMap((from, i) =>
    NAMES.slice(i + 1)
      .filter((to) => keep(from, to))
      .map((to): LinkFacts => ({ from, to, latency: `${cost(from, to)}ms`, bandwidth })),
  );
  return [
    region('us-west-1', { links }),
    region('us-east-1'),
    ...NAMES.map((name) => node(name, { region: REGION[ZONES[name]], cpu: '1' })),
  ];
}
const EDGES = [
  { from: 'p1', to: 'p2' },
  { from: 'p2', to: 'p3' },
];
const ORDERS = [
  ['p1', 'p2', 'p3'],
  ['p1', 'p3', 'p2'],
  ['p2', 'p1', 'p3'],
  ['p2', 'p3', 'p1'],
  ['p3', 'p1', 'p2'],
  ['p3', 'p2', 'p1'],
];
const group = (microservices: readonly string[], edges: readonly Item[] = EDGES, over: Item = {}): Item =>
  dag('basic', { microservices, edges, ...over });

describe('the world of the network-overhead plugin', () => {
  it('is the one they measure: random placements of the chain cost 27.4 on the mean, 40 at most, 6 at best', () => {
    const costs = NAMES.flatMap((a) =>
      NAMES.flatMap((b) =>
        NAMES.flatMap((c) => (a === b || b === c || a === c ? [] : [cost(a, b) + cost(b, c)])),
      ),
    );
    const mean = costs.reduce((x, y) => x + y, 0) / costs.length;
    assert.deepEqual([Math.min(...costs), Math.max(...costs), mean.toFixed(1)], [6, 40, '27.4']);
  });

  for (const order of ORDERS) {
    it(`a chain submitted as ${order.join(', ')} costs 6`, async () => {
      for (const edges of [EDGES, EDGES.toReversed()]) {
        const { snapshot, dags } = worldOf([...network(), group(order, edges)]);
        for (const objective of ['latency', 'utility'] as const) {
          const { best } = await planDag(snapshot, dags[0]!, { ...PLAN_DEFAULTS, objective });
          assert.equal(best?.predicted.latencyMicros, 6000);
          assert.equal(new Set(best.assignments.map((a) => a.node)).size, 3, 'one pod on a node');
        }
      }
    });
  }

  it('every planner that knows the network finds 6 but greedy ones, which look at callers alone', async () => {
    const { snapshot, dags } = worldOf([...network(), group(ORDERS[0]!)]);
    const found = new Map<string, number>();
    for (const planner of SOURCE_NAMES) {
      const plan = await planDag(snapshot, dags[0]!, { ...PLAN_DEFAULTS, objective: 'latency', planner });
      found.set(planner, plan.best!.predicted.latencyMicros / 1000);
    }
    assert.deepEqual([found.get('search'), found.get('milp'), found.get('beam')], [6, 6, 6]);
    assert.ok(Math.max(...found.values()) <= 40);
  });

  it('one hard limit that is broken rejects a placement, however many others hold', async () => {
    const limits = (ms: number): Item[] => [
      { ...EDGES[0], maxLatency: '20ms' },
      { ...EDGES[1], maxLatency: '20ms' },
      { from: 'p1', to: 'p3', maxLatency: `${ms}ms` },
    ];
    const { snapshot, dags } = worldOf([...network(), group(ORDERS[0]!, limits(4))]);
    const instance = instanceOf(snapshot, dags[0]!);
    const broken = judge(instance, placed(instance, { p1: 'n1', p2: 'n2', p3: 'n3' }));
    assert.deepEqual(
      [broken.feasible, broken.violations.map((v) => v.constraint)],
      [false, ['edges[p1→p3].maxLatency']],
    );
    const { best } = await planDag(snapshot, dags[0]!, PLAN_DEFAULTS);
    const at = (name: string): Name => best!.assignments.find((a) => a.microservice === name)!.node as Name;
    assert.equal(cost(at('p1'), at('p3')), 1);
    // Three pods do not fit in a zone of two: all three within 4 ms cannot be.
    const tight = worldOf([
      ...network(),
      group(
        ORDERS[0]!,
        limits(4).map((e) => ({ ...e, maxLatency: '4ms' })),
      ),
    ]);
    const none = await planDag(tight.snapshot, tight.dags[0]!, PLAN_DEFAULTS);
    assert.equal(none.feasible, false);
    assert.match(none.violations.find((v) => v.hard)!.constraint, /^edges\[p[12]→p[23]\]\.maxLatency$/);
  });

  it('a missing link is no way, and is told', async () => {
    const apart = network((a, b) => ZONES[a] === ZONES[b]);
    const { snapshot, dags } = worldOf([...apart, group(ORDERS[0]!)]);
    assert.ok(snapshot.problems.some((p) => p.reason === 'UnreachableRegions'));
    const instance = instanceOf(snapshot, dags[0]!);
    const { feasible, violations } = judge(instance, placed(instance, { p1: 'n1', p2: 'n2', p3: 'n3' }));
    assert.deepEqual([feasible, violations.map((v) => v.constraint)], [false, ['edges[p2→p3]']]);
    assert.match(violations[0]!.message, /no way .* connects n2 and n3: add a link/);
    const plan = await planDag(snapshot, dags[0]!, PLAN_DEFAULTS);
    assert.equal(plan.feasible, false);
  });

  it('a missing region is an error that names the field, not a crash', async () => {
    const { dags } = worldOf([group(ORDERS[0]!, EDGES, { ingress: [{ region: 'us-west-2' }] })]);
    const { snapshot } = worldOf(network());
    await assert.rejects(planDag(snapshot, dags[0]!, PLAN_DEFAULTS), (error) => {
      assert.ok(error instanceof UnknownReference);
      assert.equal(error.field, 'spec.ingress[0].region');
      assert.match(error.message, /"us-west-2"; known: us-east-1, us-west-1/);
      return true;
    });
    const empty = worldOf([group(ORDERS[0]!)]);
    const none = await planDag(empty.snapshot, empty.dags[0]!, PLAN_DEFAULTS);
    assert.deepEqual(
      none.violations.map((v) => v.constraint),
      ['nodes', 'nodes', 'nodes'],
    );
  });

  it('deleting and recreating it a hundred times leaves no bandwidth reserved', async () => {
    const heavy = EDGES.map((edge) => ({ ...edge, minBandwidth: '400M' }));
    const { snapshot, dags } = worldOf([...network(), group(ORDERS[0]!, heavy)]);
    let world = snapshot;
    for (let turn = 0; turn < 100; turn++) {
      const plan = await planDag(world, dags[0]!, { ...PLAN_DEFAULTS, budgetMs: 2 });
      assert.equal(plan.best?.predicted.latencyMicros, 6000, `turn ${turn}`);
      world = withClaim(world, plan.best.claim);
      // Planned again, as on every update of a pod: what it holds is counted once.
      world = withClaim(world, plan.best.claim);
      const held = ledgerWithout(world, undefined);
      assert.equal(
        held.reserved.reduce((a, b) => a + b, 0),
        8e8,
      );
      world = { ...world, claims: world.claims.filter((c) => c.owner !== plan.best?.claim.owner) };
      assert.equal(
        ledgerWithout(world, undefined).reserved.reduce((a, b) => a + b, 0),
        0,
      );
    }
  });
});
