import assert from 'node:assert/strict';
import { givenDag, givenPlan, givenPod, NOON } from '../../given.ts';
import type { CachedDag, CachedPod } from '../../objects.ts';
import { decideGate } from './decide.ts';

describe('decide about a gated pod', () => {
  const hold = givenDag({ placement: { fallback: { after: '30s', mode: 'Hold' } } });
  const gone = givenPod('front');
  const cases: Record<string, { pod?: CachedPod; dag?: CachedDag | undefined; atMs?: number; want: string }> =
    {
      'it waits for its agent at first': { want: 'wait 30000' },
      'it waits until the time is up': { atMs: 29_999, want: 'wait 1' },
      'then it is released': { atMs: 30_000, want: 'release' },
      'or held, when the DAG says so': { dag: hold, atMs: 90_000, want: 'leave' },
      'a pod without our gate is left alone': {
        pod: givenPod('front', { node: 'a' }),
        atMs: 90_000,
        want: 'leave',
      },
      'a pod without a DAG is left alone': { dag: undefined, atMs: 90_000, want: 'leave' },
      'a pod on its way out is left alone': {
        pod: { ...gone, metadata: { ...gone.metadata, deletionTimestamp: '2026-11-23T12:00:00Z' } },
        atMs: 90_000,
        want: 'leave',
      },
    };
  for (const [name, tc] of Object.entries(cases)) {
    it(name, () => {
      const dag = 'dag' in tc ? tc.dag : givenDag();
      const decision = decideGate(tc.pod ?? givenPod('front'), dag, givenPlan(), [], NOON + (tc.atMs ?? 0));
      assert.equal(decision.kind === 'wait' ? `wait ${decision.afterMs}` : decision.kind, tc.want);
    });
  }

  it('waits while another pod serves for it', () => {
    const move = { microservice: 'front', from: 'south', to: 'north', node: 'a', pod: givenPod('front') };
    const at = (region: string): string =>
      decideGate(givenPod('front', { region }), givenDag(), givenPlan(), [move], NOON + 90_000).kind;
    assert.deepEqual([at('north'), at('south')], ['wait', 'release']);
  });

  it('releases to the plan’s nodes as preference, and to what the template requires', () => {
    const required = {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'gpu', operator: 'Exists' as const }] }],
    };
    const plain = givenDag();
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
    const microservices = plain.spec.microservices.map((m) => ({
      ...m,
      template: { spec: { ...m.template.spec, affinity } },
    }));
    const dag = { ...plain, spec: { ...plain.spec, microservices } };
    const decision = decideGate(givenPod('front'), dag, givenPlan(), [], NOON + 30_000);
    assert.equal(decision.kind, 'release');
    const patch = decision.kind === 'release' ? decision.patch : [];
    const preference = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }] };
    assert.deepEqual(patch, [
      { op: 'test', path: '/metadata/uid', value: 'uid-front-0' },
      { op: 'test', path: '/spec/schedulingGates/0/name', value: 'edgeloom.dev/placement' },
      {
        op: 'add',
        path: '/spec/affinity',
        value: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: required,
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference }],
          },
        },
      },
      {
        op: 'add',
        path: '/metadata/annotations/edgeloom.dev~1decision',
        value: '{"reason":"Released","plan":"app-1","nodes":["a"]}',
      },
      { op: 'remove', path: '/spec/schedulingGates/0' },
    ]);
  });
});
