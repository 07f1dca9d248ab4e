import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Evaluator } from '#world/evaluator.ts';
import { instanceOf } from '#world/instance.ts';
import type { Instance } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import { randomWorld } from '#world/random-world.ts';
import type { Replicas } from '#world/service.ts';
import { dag, node, region, service, worldOf } from '#world/test-world.ts';
import type { Item } from '#world/test-world.ts';
import { fixedHosts, presentHosts } from './present.ts';
import { movesOf, replan } from './replan.ts';
import type { Replan, ReplanOptions } from './replan.ts';
import { greedyEft } from './search/greedy.ts';
import { wrongness } from './search/refine.ts';

const plain: ReplanOptions = { moveBudget: 2, hysteresis: 0.02 };

/** The first DAG of a world in which its replicas run on these nodes. */
function running(
  items: readonly Item[],
  where: readonly (readonly [microservice: string, node: string])[],
  replicas?: Replicas,
): Evaluator {
  const { snapshot, dags } = worldOf(items);
  const [first] = dags;
  if (first === undefined) throw new Error('no ServiceDAG among the objects');
  const key = `default/${first.metadata.name}`;
  const placed = where.map(([microservice, name], i) => ({
    microservice,
    pod: `p${i}`,
    host: snapshot.hosts.findIndex((h) => h.name === name),
  }));
  const world = { ...snapshot, placed: new Map([[key, placed]]) };
  return new Evaluator(instanceOf(world, first, replicas), 'utility');
}

const nodesOf = (instance: Instance, assign: Int32Array): string[] =>
  [...assign].map((h, t) => {
    const name = instance.services[instance.serviceOf[t] ?? 0]?.name;
    return `${name}@${instance.snapshot.hosts[h]?.name}`;
  });

const near = { attachment: { latency: '100us', bandwidth: '10G' } };
/** Users and two nodes here, two more nodes far away. */
const town = (services: readonly Item[], edges: readonly Item[] = []): Item[] => [
  region('r', { ...near, links: [{ from: 'r', to: 's', latency: '20ms', bandwidth: '10G' }] }),
  region('s', near),
  node('near1'),
  node('near2'),
  node('far1', { region: 's' }),
  node('far2', { region: 's' }),
  dag('app', {
    ingress: [{ region: 'r' }],
    qos: { maxLatency: '50ms' },
    microservices: services,
    edges,
  }),
];
const pipeline = town(
  ['a', 'b', 'c'].map((name) => service(name, { work: '1M' })),
  [
    { from: 'a', to: 'b' },
    { from: 'b', to: 'c' },
  ],
);
const awayFromHome = [
  ['a', 'far1'],
  ['b', 'far1'],
  ['c', 'far1'],
] as const;

const given = (evaluator: Evaluator, over: Partial<ReplanOptions> = {}): Replan => {
  const found = replan(evaluator, { ...plain, ...over });
  assert.ok(found !== undefined);
  return found;
};

describe('replan', () => {
  it('stays where nothing better is in reach of the budget', () => {
    const evaluator = running(pipeline, awayFromHome);
    const found = given(evaluator, { moveBudget: 0 });
    assert.deepEqual([found.moves, found.assign], [0, fixedHosts(evaluator.instance)]);
  });

  it('moves a whole pipeline home when it may, and stops at the budget when it may not', () => {
    const evaluator = running(pipeline, awayFromHome);
    const toward = greedyEft(evaluator);
    const whole = given(evaluator, { moveBudget: 3, toward });
    assert.equal(whole.moves, 3);
    assert.ok(nodesOf(evaluator.instance, whole.assign).every((at) => at.includes('@near')));
    // No two of three are worth their way there and back.
    const part = given(evaluator, { moveBudget: 2, toward });
    assert.ok(nodesOf(evaluator.instance, part.assign).every((at) => at.includes('@far')));
    assert.ok(part.moves <= 2);
  });

  it('stays when what a move saves is less than the hysteresis', () => {
    const evaluator = running(pipeline, awayFromHome);
    assert.equal(given(evaluator, { moveBudget: 3, hysteresis: 0.5 }).moves, 0);
  });

  it('moves only to hosts of the placement it is to follow', () => {
    const evaluator = running(pipeline, awayFromHome);
    const { hosts } = evaluator.instance.snapshot;
    const toward = Int32Array.from(['near2', 'near2', 'near2'], (name) =>
      hosts.findIndex((h) => h.name === name),
    );
    const found = given(evaluator, { moveBudget: 3, toward, strictly: true });
    assert.deepEqual(nodesOf(evaluator.instance, found.assign), ['a@near2', 'b@near2', 'c@near2']);
  });

  it('places a lost replica and moves no other', () => {
    const evaluator = running(pipeline, awayFromHome.slice(1));
    const found = given(evaluator, { moveBudget: 0 });
    assert.deepEqual(nodesOf(evaluator.instance, found.assign).slice(1), ['b@far1', 'c@far1']);
    assert.equal(found.moves, 0);
  });

  it('drops the surplus replica that is worth least, which is no move', () => {
    const evaluator = running(town([service('a', { work: '1M', max: 2 })]), [
      ['a', 'far2'],
      ['a', 'near1'],
    ]);
    const found = given(evaluator, { moveBudget: 0 });
    assert.deepEqual(nodesOf(evaluator.instance, found.assign), ['a@near1']);
    assert.equal(found.moves, 0);
  });

  it('keeps the room of what runs free when list scheduling comes to others first', () => {
    const services = [service('a', { work: '1M', max: 2 }), service('b', { work: '1M', cpu: '3' })];
    const evaluator = running(town(services, [{ from: 'a', to: 'b' }]), [['b', 'near1']], (name) =>
      name === 'a' ? 2 : 1,
    );
    const found = given(evaluator, { moveBudget: 0, fill: greedyEft });
    assert.ok(found.judgement.feasible);
    assert.deepEqual(nodesOf(evaluator.instance, found.assign), ['a@near1', 'a@near2', 'b@near1']);
  });

  it('has no answer when a service has neither a replica nor a host', () => {
    const evaluator = running(town([service('a', { cpu: '64' })]), []);
    assert.equal(replan(evaluator, plain), undefined);
  });

  it('holds the budget, is never worse than staying and always says the same', () => {
    fc.assert(
      fc.property(
        fc.nat(5000),
        fc.array(fc.nat(99), { maxLength: 8 }),
        fc.nat(4),
        fc.constantFrom(0, 0.02, 0.3),
        fc.boolean(),
        (seed, dice, moveBudget, hysteresis, guided) => {
          const { snapshot, dags } = worldOf(randomWorld(seed, { nodes: 5, tasks: 6 }));
          const [first] = dags;
          if (first === undefined || snapshot.hosts.length === 0) return;
          const names = first.spec.microservices.map((m) => m.name);
          const placed = dice.map((d, i) => ({
            microservice: names[i % names.length] ?? '',
            pod: `p${i}`,
            host: d % snapshot.hosts.length,
          }));
          const world = { ...snapshot, placed: new Map([[`default/${first.metadata.name}`, placed]]) };
          const make = (): Evaluator => new Evaluator(instanceOf(world, first), 'utility');
          const evaluator = make();
          const options = { moveBudget, hysteresis, ...(guided ? { toward: greedyEft(evaluator) } : {}) };
          const found = replan(evaluator, options);
          assert.deepEqual(replan(make(), options)?.assign, found?.assign);
          if (found === undefined) return;
          const { assign, judgement, staying, moves } = found;
          assert.equal(movesOf(evaluator, presentHosts(evaluator.instance), assign), moves);
          assert.ok(moves <= moveBudget);
          assert.deepEqual(judge(evaluator.instance, assign).cost, judgement.cost);
          const [after, before] = [wrongness(judgement), wrongness(staying)];
          assert.ok(after <= before);
          if (after === before && moves > 0)
            assert.ok(judgement.cost < staying.cost * (1 - hysteresis * moves) + 1e-12);
        },
      ),
      { numRuns: 200 },
    );
  });
});
