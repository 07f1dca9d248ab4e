import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { instanceOf } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import { randomWorld } from '#world/random-world.ts';
import { withClaim } from '#world/snapshot.ts';
import { dag, node, region, service, worldOf } from '#world/test-world.ts';
import type { Item } from '#world/test-world.ts';
import { PLAN_DEFAULTS } from './plan-options.ts';
import { planDag } from './plan.ts';
import type { PlanOptions } from './plan-options.ts';
import { compareJudged } from './search/refine.ts';

/** Both decisions of the first DAG of a world, with two replicas of every service. */
async function both(
  items: readonly Item[],
  over: Partial<PlanOptions> = {},
): Promise<{ even: Awaited<ReturnType<typeof planDag>>; joint: Awaited<ReturnType<typeof planDag>> }> {
  const { snapshot, dags } = worldOf(items);
  const options = { ...PLAN_DEFAULTS, budgetMs: 10, replicas: (): number => 2, ...over };
  const even = await planDag(snapshot, dags[0]!, { ...options, fractions: 'even' });
  return { even, joint: await planDag(snapshot, dags[0]!, options) };
}

/** Two small sites 4 ms apart, of which the near one is faster and has room for one replica of each service. */
const twoSites = (rate: number): Item[] => [
  region('near', {
    attachment: { latency: '100us', bandwidth: '10G' },
    links: [{ from: 'near', to: 'far', latency: '4ms', bandwidth: '10G' }],
  }),
  region('far', { attachment: { latency: '100us', bandwidth: '10G' } }),
  node('n', { region: 'near', cpu: '3', mips: 1500 }),
  node('f', { region: 'far', cpu: '8' }),
  dag('d', {
    ingress: [{ region: 'near', requestsPerSecond: String(rate), payload: '10k' }],
    qos: { maxLatency: '40ms' },
    microservices: [
      service('a', { work: '1M', max: 2 }),
      service('b', { work: '6M', max: 2 }),
      service('c', { work: '6M', max: 2 }),
    ],
    edges: [
      { from: 'a', to: 'b', payload: '20k' },
      { from: 'b', to: 'c', payload: '20k' },
    ],
  }),
];

describe('the joint decision', () => {
  it('is never worse than placement first and even shares after, and says what it steers', async () => {
    let better = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(5000), fc.integer({ min: 1, max: 300 }), async (seed, rate) => {
        const items = randomWorld(seed, { dags: 1 }).map((item) => withRate(item, rate));
        const { even, joint } = await both(items);
        assert.ok(joint.feasible || !even.feasible);
        if (joint.best === undefined || even.best === undefined) return;
        assert.ok(!(compareJudged('utility', joint.best, even.best) > 1e-12));
        if (joint.best.fractions === undefined || !joint.feasible) return;
        better++;
        assert.match(joint.method, /steered|joint|ease/);
        for (const { paths } of joint.best.routes)
          assert.equal(
            paths.reduce((sum, { weightPpm }) => sum + weightPpm, 0),
            1_000_000,
          );
      }),
      { numRuns: 80 },
    );
    assert.ok(better > 5, String(better));
  }).timeout(60_000);

  it('keeps most calls near and sends away what would wait there', async () => {
    const { even, joint } = await both(twoSites(180));
    assert.ok((joint.best?.cost ?? Infinity) < 0.9 * (even.best?.cost ?? 0));
    const [first] = joint.best?.routes ?? [];
    const near = first?.paths.filter(({ via }) => via.at(-1) === 'n') ?? [];
    const weight = near.reduce((sum, { weightPpm }) => sum + weightPpm, 0);
    assert.ok(weight > 550_000 && weight < 900_000, String(weight));
  });

  it('gives the same plan every time, its claim what its routes reserve', async () => {
    const { joint } = await both(twoSites(180));
    const again = await both(twoSites(180));
    assert.deepEqual(again.joint, joint);
    const { snapshot, dags } = worldOf(twoSites(180));
    const { best } = joint;
    assert.ok(best !== undefined && best.fractions !== undefined);
    const held = withClaim(snapshot, best.claim).claims.flatMap(({ arcs }) => arcs);
    const reserved = held.reduce((sum, { bps }) => sum + bps, 0);
    const routed = best.routes.flatMap(({ paths }) => paths);
    assert.equal(
      routed.reduce((sum, { via, bandwidthBps }) => sum + bandwidthBps * (via.length - 1), 0),
      reserved,
    );
    const instance = instanceOf(snapshot, dags[0]!, () => 2);
    const hosts = Int32Array.from(best.assignments, ({ node: name }) =>
      snapshot.hosts.findIndex((host) => host.name === name),
    );
    assert.deepEqual(judge(instance, hosts, best.fractions).predicted, best.predicted);
  });

  it('leaves plans of single replicas, and those of other planners, as they are', async () => {
    const alone = await both(twoSites(50), { replicas: () => 1 });
    assert.deepEqual(alone.joint, alone.even);
    const greedy = await both(twoSites(180), { planner: 'greedy' });
    assert.deepEqual(greedy.joint, greedy.even);
  });
});

/** A ServiceDAG whose users send that many requests/s, from the first region if it names none; room for two replicas. */
function withRate(item: Item, rate: number): Item {
  const spec = item['spec'] as Item | undefined;
  if (item['kind'] !== 'ServiceDAG' || spec === undefined) return item;
  const services = (spec['microservices'] as Item[]).map((one) => ({ ...one, replicas: { min: 1, max: 2 } }));
  const ingress = [{ region: 'r', requestsPerSecond: String(rate), payload: '10k' }];
  return { ...item, spec: { ...spec, ingress, microservices: services } };
}
