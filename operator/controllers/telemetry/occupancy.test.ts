import assert from 'node:assert/strict';
import { snapshotOf } from '#world/snapshot.ts';
import { givenDag, givenNode, givenPlan, givenPod, givenRegion, NOON } from '../../given.ts';
import type { CachedPod } from '../../objects.ts';
import { standing } from './gather.ts';
import { occupancyOf } from './occupancy.ts';

const worldOf = (pods: readonly CachedPod[]) =>
  snapshotOf({
    nodes: [givenNode('a'), givenNode('b'), givenNode('s', { region: 'south', cpu: '2' })],
    regions: [givenRegion('north'), givenRegion('south')],
    dags: [givenDag()],
    pods,
    nowMs: NOON,
  });

describe('how full the nodes are', () => {
  it('is what pods ask for, by region and on the whole', () => {
    const pods = [
      givenPod('front', { node: 'a', name: 'front-0' }),
      givenPod('front', { node: 's', name: 'front-1', region: 'south' }),
    ];
    const { byRegion, mean, imbalance } = occupancyOf(worldOf(pods));
    assert.deepEqual(
      byRegion,
      new Map([
        ['north', 1 / 8],
        ['south', 1 / 2],
      ]),
    );
    assert.equal(mean, (1 / 4 + 0 + 1 / 2) / 3);
    const variance = (1 / 16 + 1 / 4) / 3 - mean * mean;
    assert.ok(Math.abs(imbalance - 4 * variance) < 1e-12);
  });

  it('is nothing where nothing runs, or nothing is', () => {
    assert.deepEqual(occupancyOf(worldOf([])).imbalance, 0);
    const nothing = snapshotOf({ nodes: [], regions: [], dags: [], nowMs: NOON });
    assert.deepEqual(occupancyOf(nothing), { byRegion: new Map(), mean: 0, imbalance: 0 });
  });
});

describe('where the replicas of a plan are', () => {
  const plan = givenPlan({ front: ['a', 'b'], back: ['b'] });
  const at = (...places: [microservice: string, node: string | undefined][]): CachedPod[] =>
    places.map(([microservice, node], i) =>
      givenPod(microservice, { name: `pod-${i}`, ...(node === undefined ? {} : { node }) }),
    );
  const cases: Record<string, [CachedPod[], isPlaced: boolean, isAsPlanned: boolean]> = {
    'as planned, whatever their numbers': [at(['front', 'b'], ['back', 'b'], ['front', 'a']), true, true],
    'one still waits': [at(['front', 'b'], ['back', 'b'], ['front', undefined]), false, false],
    'one is elsewhere': [at(['front', 'b'], ['back', 'a'], ['front', 'a']), true, false],
    'two are on the node of one': [at(['front', 'b'], ['back', 'b'], ['front', 'b']), true, false],
    'one too many runs': [at(['front', 'b'], ['back', 'b'], ['front', 'a'], ['front', 'a']), true, false],
  };
  for (const [name, [pods, isPlaced, isAsPlanned]] of Object.entries(cases))
    it(name, () => assert.deepEqual(standing(plan, pods), { isPlaced, isAsPlanned }));

  it('is nowhere without a plan', () => {
    assert.deepEqual(standing(undefined, []), { isPlaced: false, isAsPlanned: false });
  });
});
