import assert from 'node:assert/strict';
import fc from 'fast-check';
import { instanceOf } from '#world/instance.ts';
import type { Instance } from '#world/instance.ts';
import { Steering } from '#world/steering.ts';
import { placed, worldOf } from '#world/test-world.ts';
import type { RouteFraction } from '../orchestrator.ts';
import { routeFractions } from './fractions.ts';
import { smallCity } from './given.ts';

/** The first pipeline of the small city with that many replicas, at a rate. */
function given(rate: number, replicas: Readonly<Record<string, number>>): Instance {
  const { snapshot, dags } = worldOf(smallCity(1, rate));
  const [dag] = dags;
  if (dag === undefined) throw new Error('no ServiceDAG among the objects');
  return instanceOf(snapshot, dag, (name) => replicas[name] ?? 1);
}

/** What the router gets when calls are steered. */
const fractionsOf = (instance: Instance, assign: Int32Array): RouteFraction[] =>
  routeFractions(instance, assign, new Steering(instance).fractions(assign));

const share = (fractions: readonly RouteFraction[], from: string, toNode: string): number =>
  fractions.find((f) => f.from === from && f.toNode === toNode)?.weightPpm ?? 0;

describe('routeFractions', () => {
  const where = { a: 'east-1', b: ['east-1', 'west-1'], c: 'east-2' };

  it('says nothing when there is nothing to choose', () => {
    const instance = given(10, {});
    assert.deepEqual(fractionsOf(instance, placed(instance, { ...where, b: 'west-1' })), []);
  });

  it('is local while that is quicker, and sends away what would wait too long', () => {
    const calm = given(1, { b: 2 });
    assert.equal(share(fractionsOf(calm, placed(calm, where)), 'a', 'east-1'), 1_000_000);
    const busy = given(220, { b: 2 });
    const fractions = fractionsOf(busy, placed(busy, where));
    assert.ok(share(fractions, 'a', 'west-1') > 100_000, JSON.stringify(fractions));
    assert.ok(share(fractions, 'a', 'west-1') < 900_000);
  });

  it('names no edge into a service of one replica', () => {
    const instance = given(200, { b: 2 });
    const fractions = fractionsOf(instance, placed(instance, where));
    assert.ok(fractions.length > 0 && fractions.every(({ from, to }) => from === 'a' && to === 'b'));
  });

  it('sums to exactly 1,000,000 for every edge and caller, over hosts that have a replica', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1000 }),
        fc.array(fc.nat(5), { minLength: 9, maxLength: 9 }),
        (rate, dice) => {
          const instance = given(rate, { a: 2, b: 3, c: 3 });
          const assign = Int32Array.from({ length: instance.tasks }, (_, t) => dice[t] ?? 0);
          const fractions = fractionsOf(instance, assign);
          const { services, snapshot } = instance;
          const nodesOf = (name: string): Set<string> => {
            const s = services.find((one) => one.name === name);
            const hosts = assign.subarray(s?.firstTask, (s?.firstTask ?? 0) + (s?.replicas ?? 0));
            return new Set([...hosts].map((h) => snapshot.hosts[h]?.name ?? ''));
          };
          for (const { from, to } of instance.edges) {
            for (const fromNode of nodesOf(from)) {
              const own = fractions.filter((f) => f.from === from && f.to === to && f.fromNode === fromNode);
              assert.equal(
                own.reduce((sum, f) => sum + f.weightPpm, 0),
                1_000_000,
              );
              assert.ok(own.every((f) => f.weightPpm > 0 && nodesOf(to).has(f.toNode)));
            }
          }
        },
      ),
    );
  });
});
