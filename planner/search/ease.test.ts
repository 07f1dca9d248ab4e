import assert from 'node:assert/strict';
import fc from 'fast-check';
import { randomWorld } from '#world/random-world.ts';
import { dag, node, region, service, worldOf } from '#world/test-world.ts';
import { EASE, PLAN_DEFAULTS } from '../plan-options.ts';
import { planDag } from '../plan.ts';
import type { Plan } from '../plan.ts';

const both = async (...[snapshot, graph]: Parameters<typeof planDag>): Promise<[Plan, Plan]> => [
  await planDag(snapshot, graph, PLAN_DEFAULTS),
  await planDag(snapshot, graph, { ...PLAN_DEFAULTS, ease: EASE }),
];

describe('ease', () => {
  it('brings the other branches near too, where ℓ sees only the slowest', async () => {
    // The slow branch decides ℓ wherever the quick one is; the far node is emptier, which J likes.
    const { snapshot, dags } = worldOf([
      region('r', { links: [{ from: 'near', to: 'far', latency: '20ms', bandwidth: '10G' }] }),
      node('near', { cpu: '30' }),
      node('far', { cpu: '30' }),
      dag('d', {
        qos: { maxLatency: '100ms' },
        microservices: [service('front'), service('slow', { work: '30M' }), service('quick', { work: '1M' })],
        edges: [
          { from: 'front', to: 'slow' },
          { from: 'front', to: 'quick' },
        ],
      }),
    ]);
    const [graph] = dags;
    assert(graph !== undefined);
    const [plain, eased] = await both(snapshot, graph, PLAN_DEFAULTS);
    const homes = (plan: Plan): number => new Set(plan.best?.assignments.map(({ node: name }) => name)).size;
    assert.equal(plain.best?.predicted.latencyMicros, eased.best?.predicted.latencyMicros);
    assert.equal(homes(plain), 2);
    assert.equal(homes(eased), 1);
  });

  it('costs at most its share, breaks nothing more, and leaves the candidates as they were', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const { snapshot, dags } = worldOf(randomWorld(seed, { dags: 1 }));
        for (const graph of dags) {
          const [plain, eased] = await both(snapshot, graph, PLAN_DEFAULTS);
          assert.equal(eased.feasible, plain.feasible);
          assert(eased.violations.length <= plain.violations.length);
          if (plain.best === undefined || eased.best === undefined) continue;
          assert(eased.best.cost <= plain.best.cost * (1 + EASE) + 1e-12);
        }
      }),
      { numRuns: 60 },
    ));
});
