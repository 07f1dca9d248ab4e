import assert from 'node:assert/strict';
import type { KubePod } from '#crds/node.ts';
import { decidedNode } from '#world/claims.ts';
import type { Pin } from './decision.ts';
import { givenPod } from './given.ts';
import { pinPatch, pinnedPod } from './patch.ts';
import { weighted } from './weights.ts';

const pod = givenPod('p1');
const pinOf = (over: Partial<Pin> = {}): Pin => {
  return { kind: 'pin', pod, ranked: weighted(['a', 'b']), plan: 'app-1', reason: 'Planned', ...over };
};
const named = (node: string): object => ({
  matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }],
});
const withSpec = (spec: object): KubePod => ({ ...pod, spec: { ...pod.spec, ...spec } });

describe('pinPatch', () => {
  it('is exactly the patch that was measured, with the decision noted', () => {
    assert.deepEqual(pinPatch(pinOf()), [
      { op: 'test', path: '/metadata/uid', value: 'uid-p1' },
      { op: 'test', path: '/spec/schedulingGates/0/name', value: 'edgeloom.dev/placement' },
      {
        op: 'add',
        path: '/spec/affinity',
        value: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [named('a'), named('b')] },
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 100, preference: named('a') },
              { weight: 67, preference: named('b') },
            ],
          },
        },
      },
      {
        op: 'add',
        path: '/metadata/annotations/edgeloom.dev~1decision',
        value: '{"reason":"Planned","plan":"app-1","nodes":["a","b"]}',
      },
      { op: 'remove', path: '/spec/schedulingGates/0' },
    ]);
  });

  it('removes our gate only', () => {
    const gates = [{ name: 'other.io/a' }, { name: 'edgeloom.dev/placement' }, { name: 'other.io/b' }];
    const patch = pinPatch(pinOf({ pod: withSpec({ schedulingGates: gates }) }));
    assert.deepEqual(patch.at(1), {
      op: 'test',
      path: '/spec/schedulingGates/1/name',
      value: 'edgeloom.dev/placement',
    });
    assert.deepEqual(patch.at(-1), { op: 'remove', path: '/spec/schedulingGates/1' });
  });

  it('keeps rules over other pods, and preferences of the pod', () => {
    const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'host' }] };
    const own = { weight: 3, preference: { matchExpressions: [{ key: 'disk', operator: 'Exists' }] } };
    const nodeAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [own] };
    const patch = pinPatch(pinOf({ pod: withSpec({ affinity: { podAntiAffinity, nodeAffinity } }) }));
    const { value } = patch[2] as {
      value: { podAntiAffinity: object; nodeAffinity: Record<string, object[]> };
    };
    assert.deepEqual(value.podAntiAffinity, podAntiAffinity);
    const preferred = value.nodeAffinity['preferredDuringSchedulingIgnoredDuringExecution'];
    assert.deepEqual(preferred?.[0], own);
    assert.equal(preferred?.length, 3);
  });

  it('narrows every term a pod already requires to the first node: terms may not be added or replaced', () => {
    const terms = [{ matchExpressions: [{ key: 'gpu', operator: 'Exists' }] }, named('a')];
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } };
    const patch = pinPatch(pinOf({ pod: withSpec({ affinity: { nodeAffinity } }) }));
    const { value } = patch[2] as {
      value: { nodeAffinity: Record<string, { nodeSelectorTerms: object[] }> };
    };
    assert.deepEqual(value.nodeAffinity['requiredDuringSchedulingIgnoredDuringExecution'], {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: 'gpu', operator: 'Exists' }], ...named('a') },
        {
          matchFields: [
            { key: 'metadata.name', operator: 'In', values: ['a'] },
            { key: 'metadata.name', operator: 'In', values: ['a'] },
          ],
        },
      ],
    });
  });

  it('makes the annotations of a pod that has none', () => {
    const { annotations: _none, ...metadata } = pod.metadata;
    const patch = pinPatch(pinOf({ pod: { ...pod, metadata } }));
    assert.equal(patch[3]?.path, '/metadata/annotations');
  });

  it('leaves a pod that counts on its first node', () => {
    assert.equal(decidedNode(pod), undefined);
    assert.equal(decidedNode(pinnedPod(pod, weighted(['b', 'a']))), 'b');
  });

  it('gives weights with gaps that the scheduler cannot outvote, and stays above zero', () => {
    const weights = weighted(Array.from({ length: 16 }, (_, i) => `n${i}`)).map(({ weight }) => weight);
    assert.deepEqual(weights.slice(0, 4), [100, 67, 34, 17]);
    assert.ok(weights.every((weight) => weight >= 1));
    assert.deepEqual(
      weights,
      weights.toSorted((a, b) => b - a),
    );
  });
});
