import assert from 'node:assert/strict';
import { randomWorld } from '#world/random-world.ts';
import { worldOf } from '#world/test-world.ts';
import { PLAN_DEFAULTS } from './plan-options.ts';
import { planDag } from './plan.ts';
import type { Plan } from './plan.ts';
import type { Recall } from './recall.ts';
import { compareJudged } from './search/refine.ts';
import { randomFrom } from './search/random.ts';
import type { Candidate } from './sources.ts';

/** A memory that remembers random placements, and third a good one. */
function remembering(seed: number, good: Plan): Recall {
  return async () => ({
    encoderVersion: 'test-1',
    traces: ['first', 'second', 'third'],
    candidates: ({ instance }) => {
      const random = randomFrom(seed);
      const made = (trace: string, hostOf: (service: number, replica: number) => number): Candidate => {
        const assign = Int32Array.from(instance.serviceOf, (s, t) =>
          hostOf(s, t - (instance.services[s]?.firstTask ?? 0)),
        );
        return { method: 'memory', source: 'Memory', trace, assign, repaired: false };
      };
      const anywhere = (s: number): number => {
        const hosts = instance.services[s]?.hosts ?? [];
        return hosts[Math.floor(random() * hosts.length)] ?? 0;
      };
      return [
        made('first', anywhere),
        made('second', anywhere),
        made('third', (s, replica) => {
          const { name } = instance.services[s]!;
          const at = good.best?.assignments.find((x) => x.microservice === name && x.replica === replica);
          return instance.snapshot.hosts.findIndex((host) => host.name === at?.node);
        }),
      ];
    },
  });
}

describe('what a memory proposes beside search', () => {
  const worlds = Array.from({ length: 80 }, (_, seed) =>
    worldOf(randomWorld(seed, { nodes: 12, services: 6 })),
  );
  const good: Plan[] = [];
  before(async () => {
    for (const { snapshot, dags } of worlds) good.push(await planDag(snapshot, dags[0]!, PLAN_DEFAULTS));
  });

  it('never makes a plan worse, and wins only when it makes it better', async () => {
    let won = 0;
    for (const [seed, { snapshot, dags }] of worlds.entries()) {
      for (const objective of ['utility', 'latency'] as const) {
        // So short a search leaves something to find.
        const options = { ...PLAN_DEFAULTS, objective, budgetMs: 0.01 };
        const alone = await planDag(snapshot, dags[0]!, options);
        const beside = await planDag(snapshot, dags[0]!, {
          ...options,
          recall: remembering(seed, good[seed]!),
        });
        if (alone.best === undefined || beside.best === undefined) {
          assert.equal(alone.best, beside.best);
          continue;
        }
        // Infinite less infinite is no number: neither is better.
        const better = compareJudged(objective, beside.best, alone.best) || 0;
        assert.ok(better <= 0, `world ${seed} for ${objective}: worse by ${better}`);
        assert.equal(beside.source, better < 0 ? 'Memory' : 'Search', `world ${seed} for ${objective}`);
        if (better === 0) assert.deepEqual(beside.best, alone.best);
        else won++;
      }
    }
    assert.ok(won > 0, 'memory never won: the worlds are too easy for this test');
  });

  it('stays within the ease of the least cost, and leaves the plan of search as it is unless it wins', async () => {
    let won = 0;
    for (const [seed, { snapshot, dags }] of worlds.entries()) {
      const options = { ...PLAN_DEFAULTS, budgetMs: 0.01, ease: 0.05 };
      const least = (await planDag(snapshot, dags[0]!, { ...options, ease: 0 })).best;
      const alone = await planDag(snapshot, dags[0]!, options);
      const beside = await planDag(snapshot, dags[0]!, {
        ...options,
        recall: remembering(seed, good[seed]!),
      });
      if (beside.source === 'Search') assert.deepEqual(beside.best, alone.best, `world ${seed}`);
      else won++;
      if (least === undefined || beside.best === undefined || !alone.feasible) continue;
      assert.ok(beside.feasible);
      assert.ok(!(beside.best.cost > least.cost * 1.05 * (1 + 1e-9)), `world ${seed}: ${beside.best.cost}`);
    }
    assert.ok(won > 0, 'memory never won: the worlds are too easy for this test');
  });

  it('names the trace that the plan was made from first, the others behind it', async () => {
    const traces: Plan['recollected'][] = [];
    for (const [seed, { snapshot, dags }] of worlds.entries()) {
      const options = { ...PLAN_DEFAULTS, budgetMs: 0.01, recall: remembering(seed, good[seed]!) };
      const plan = await planDag(snapshot, dags[0]!, options);
      if (plan.best === undefined) continue;
      assert.deepEqual(plan.recollected?.traces.toSorted(), ['first', 'second', 'third']);
      if (plan.source === 'Search') assert.equal(plan.recollected?.traces[0], 'first');
      else traces.push(plan.recollected);
      assert.ok(plan.alternatives.some(({ source }) => source !== plan.source) || plan.source === 'Search');
    }
    assert.ok(
      traces.some((one) => one?.traces[0] !== 'first'),
      'it was always the first',
    );
  });

  it('is asked once, for `search` only, and planning goes on when it says nothing', async () => {
    const { snapshot, dags } = worlds[0]!;
    let asked = 0;
    const silent: Recall = async () => {
      asked++;
      return { traces: [], without: 'the disk is gone', candidates: () => [] };
    };
    const greedy = await planDag(snapshot, dags[0]!, { ...PLAN_DEFAULTS, planner: 'greedy', recall: silent });
    assert.deepEqual([asked, greedy.recollected], [0, undefined]);
    const plan = await planDag(snapshot, dags[0]!, { ...PLAN_DEFAULTS, recall: silent });
    const alone = await planDag(snapshot, dags[0]!, PLAN_DEFAULTS);
    assert.deepEqual([asked, plan.source], [1, 'Search']);
    assert.deepEqual(plan.recollected, { traces: [], without: 'the disk is gone' });
    assert.deepEqual(plan.best, alone.best);
  });
});
