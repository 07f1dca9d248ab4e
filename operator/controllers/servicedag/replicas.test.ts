import assert from 'node:assert/strict';
import { givenDag, givenPlan } from '../../given.ts';
import { countsFor, fewerCounts, plannedCounts } from './replicas.ts';

const dag = givenDag({
  microservices: givenDag().spec.microservices.map((m) => ({ ...m, replicas: { min: 1, max: 4 } })),
});
const two = givenPlan({ front: ['a', 'b'], back: ['b', 'a'] });

describe('replicas to ask for', () => {
  it('grow at once and shrink when the window of a plan is over', () => {
    const planned = plannedCounts(dag, two);
    const wanted = { front: 3, back: 1 };
    assert.deepEqual(countsFor('LoadGrew', wanted, planned), { front: 3, back: 2 });
    assert.deepEqual(countsFor('WindowOver', wanted, planned), wanted);
    assert.deepEqual(countsFor('WindowOver', undefined, planned), planned);
  });

  it('stay as they are where there is no room for more, before they become the least', () => {
    const [running, least] = [
      { front: 2, back: 2 },
      { front: 1, back: 1 },
    ];
    assert.deepEqual(fewerCounts(dag, two, { front: 4, back: 2 }), [running, least]);
    assert.deepEqual(fewerCounts(dag, two, running), [least]);
    assert.deepEqual(fewerCounts(dag, undefined, { front: 2, back: 1 }), [least]);
    assert.deepEqual(fewerCounts(dag, undefined, least), []);
  });
});
