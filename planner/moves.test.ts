import assert from 'node:assert/strict';
import fc from 'fast-check';
import { randomWorld } from '#world/random-world.ts';
import type { Snapshot } from '#world/snapshot.ts';
import { dag, node, region, service, worldOf } from '#world/test-world.ts';
import type { Item } from '#world/test-world.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { PLAN_DEFAULTS } from './plan-options.ts';
import { planDag } from './plan.ts';
import type { Plan } from './plan.ts';
import { wrongness } from './search/refine.ts';

/** A world in which replicas of its first DAG run on these nodes, as pods p0, p1, … */
function running(
  items: readonly Item[],
  where: readonly (readonly [string, string])[],
): [Snapshot, ServiceDAG] {
  const { snapshot, dags } = worldOf(items);
  const [first] = dags;
  if (first === undefined) throw new Error('no ServiceDAG among the objects');
  const placed = where.map(([microservice, name], i) => ({
    microservice,
    pod: `p${i}`,
    host: snapshot.hosts.findIndex((host) => host.name === name),
  }));
  return [{ ...snapshot, placed: new Map([[`default/${first.metadata.name}`, placed]]) }, first];
}

const nodesOf = (plan: Plan): string[] =>
  (plan.best?.assignments ?? []).map(({ microservice, replica, node: at }) => {
    const from = plan.replaces.get(`${microservice}/${replica}`);
    return `${microservice}@${at}${from === undefined ? '' : ` for ${from}`}`;
  });
const keep = { ...PLAN_DEFAULTS, keep: true, ranks: 3 };

describe('plans that move what runs', () => {
  const near = { attachment: { latency: '100us', bandwidth: '10G' } };
  const town = [
    region('r', { ...near, links: [{ from: 'r', to: 's', latency: '20ms', bandwidth: '10G' }] }),
    region('s', near),
    node('near1', { cpu: '2' }),
    node('near2', { cpu: '2' }),
    node('far1', { region: 's' }),
  ];
  const qos = { maxLatency: '50ms' };
  const away = [
    ...town,
    dag('app', { ingress: [{ region: 'r' }], qos, microservices: [service('a', { work: '1M' })] }),
  ];

  it('keep everything where it is unless they may move it', async () => {
    const [world, app] = running(away, [['a', 'far1']]);
    assert.deepEqual(nodesOf(await planDag(world, app, keep)), ['a@far1']);
  });

  it('name the pod that makes way, and only its one node', async () => {
    const [world, app] = running(away, [['a', 'far1']]);
    const plan = await planDag(world, app, { ...keep, moves: 1 });
    assert.match(nodesOf(plan).join(), /^a@near[12] for p0$/);
    assert.equal(plan.ranked[0]?.length, 1);
    assert.equal(plan.alternatives[0]?.method.length === 0, false);
  });

  it('make room for a replica that has none', async () => {
    const services = [service('small'), service('big', { cpu: '2' })];
    const items = [
      ...town.slice(0, 4),
      dag('app', {
        ingress: [{ region: 'r' }],
        qos,
        microservices: services,
        edges: [{ from: 'small', to: 'big' }],
      }),
    ];
    // One core is taken on the other node too: `big` fits nowhere unless `small` goes there.
    const other = { metadata: { name: 'other', namespace: 'else' }, kind: 'Pod', apiVersion: 'v1', spec: { nodeName: 'near2', containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] } }; // prettier-ignore
    const [world, app] = running([...items, other], [['small', 'near1']]);
    assert.equal((await planDag(world, app, keep)).feasible, false);
    const plan = await planDag(world, app, { ...keep, moves: 1 });
    assert.deepEqual([plan.feasible, nodesOf(plan)], [true, ['small@near2 for p0', 'big@near1']]);
  });

  it('are within the budget, worth it, and never worse than staying (random worlds)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 0, max: 4 }), async (seed, moves) => {
        const { snapshot, dags } = worldOf(randomWorld(seed));
        const [app] = dags;
        if (app === undefined) return;
        const fast = { ...keep, budgetMs: 2 };
        const first = await planDag(snapshot, app, { ...fast, keep: false, planner: 'greedy' });
        const hostOf = new Map(snapshot.hosts.map(({ name }, h) => [name, h]));
        // Where they run: the plan, turned round by one host.
        const placed = (first.best?.assignments ?? []).map(({ microservice, node: at }, i) => ({
          microservice,
          pod: `p${i}`,
          host: ((hostOf.get(at) ?? 0) + 1) % snapshot.hosts.length,
        }));
        const key = `${app.metadata.namespace ?? 'default'}/${app.metadata.name}`;
        const world = { ...snapshot, placed: new Map([[key, placed]]) };
        const stay = await planDag(world, app, fast);
        const plan = await planDag(world, app, { ...fast, moves });
        assert.ok(plan.replaces.size <= moves);
        assert.equal(new Set(plan.replaces.values()).size, plan.replaces.size);
        if (plan.best === undefined || stay.best === undefined) return;
        const less = wrongness(plan.best) - wrongness(stay.best);
        if (plan.replaces.size === 0) assert.ok(less === 0);
        else assert.ok(less < 0 || (less === 0 && plan.best.cost < stay.best.cost));
      }),
      { numRuns: 40 },
    );
  });
});
