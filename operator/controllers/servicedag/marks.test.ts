import assert from 'node:assert/strict';
import { givenPlan, givenPod } from '../../given.ts';
import type { CachedPod } from '../../objects.ts';
import { endingOf } from './marks.ts';

const plan = givenPlan({ front: ['a'], back: ['b'] });
const planned = [givenPod('front', { node: 'a' }), givenPod('back', { node: 'b' })];
const stray = givenPod('back', { node: 'c', name: 'back-1' });
const marked: CachedPod = {
  ...stray,
  metadata: {
    ...stray.metadata,
    annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-2147483648' },
  },
};
const shrinking = new Set(['app-back-north']);

describe('pods that end first', () => {
  it('are those without a place in the plan, once their Deployment gets fewer replicas', () => {
    assert.deepEqual([...endingOf(plan, [...planned, stray], [], shrinking)], ['back-1']);
    assert.deepEqual([...endingOf(plan, [...planned, stray], [], new Set(['app-front-north']))], []);
  });

  it('stay so while their Deployment has its number and they are there still', () => {
    assert.deepEqual([...endingOf(plan, [...planned, marked], [], new Set())], ['back-1']);
    // The one in its place is gone: it is wanted again.
    assert.deepEqual([...endingOf(plan, [planned[0]!, marked], [], shrinking)], []);
  });

  it('are those that move', () => {
    const move = { microservice: 'back', from: 'north', to: 'south', node: 'z', pod: planned[1]! };
    assert.deepEqual([...endingOf(plan, planned, [move], new Set())], ['back-0']);
  });
});
