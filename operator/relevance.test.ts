import assert from 'node:assert/strict';
import { givenNode, givenPlan, givenPod, givenRegion } from './given.ts';
import type { CachedNode, CachedPod } from './objects.ts';
import { relevance } from './relevance.ts';
import { slimNode, slimPod } from './slim.ts';

const gated = givenPod('front');
const bound = givenPod('front', { node: 'a' });
const phase = (pod: CachedPod, value: string): CachedPod => ({ ...pod, status: { phase: value } });
const beat = (node: CachedNode): CachedNode => ({
  ...node,
  metadata: { ...node.metadata, resourceVersion: '99' },
  status: {
    ...node.status,
    conditions: [
      { type: 'Ready', status: 'True', lastHeartbeatTime: '2026-11-23T12:00:10Z' },
      { type: 'DiskPressure', status: 'False' },
    ] as { type: string; status: string }[],
  },
});
const superseded = { ...givenPlan(), status: { phase: 'Superseded' as const } };
const region = givenRegion('north');
const measured = (measuredLatencyMicros: number, time: string): typeof region => ({
  ...region,
  status: { links: [{ from: 'north', to: 'south', measuredLatencyMicros, at: `2026-11-23T${time}:00Z` }] },
});

describe('relevance', () => {
  const cases: Record<string, { is: string; want: string }> = {
    'a heartbeat means nothing': { is: relevance.node(givenNode('a'), beat(givenNode('a'))), want: 'none' },
    'a node that is lost changes the world': {
      is: relevance.node(givenNode('a'), givenNode('a', { ready: false })),
      want: 'room',
    },
    'a new node may be room': { is: relevance.node(undefined, givenNode('a')), want: 'room' },
    'a status of a region means nothing': {
      is: relevance.region(region, { ...region, status: { nodes: 3 } }),
      want: 'none',
    },
    'a link that was measured anew may make room': {
      is: relevance.region(measured(5_000, '12:00'), measured(9_000, '12:00')),
      want: 'room',
    },
    'a heartbeat of the same measurement means nothing': {
      is: relevance.region(measured(5_000, '12:00'), measured(5_000, '12:05')),
      want: 'none',
    },
    'a new pod takes room': { is: relevance.pod(undefined, gated), want: 'changed' },
    'a pod that is bound takes room': { is: relevance.pod(gated, bound), want: 'changed' },
    'a pod that becomes ready means nothing': {
      is: relevance.pod(givenPod('front', { node: 'a', ready: false }), bound),
      want: 'none',
    },
    'a pod that has finished leaves room': {
      is: relevance.pod(bound, phase(bound, 'Succeeded')),
      want: 'room',
    },
    'a pod that is gone leaves room': { is: relevance.pod(bound, undefined), want: 'room' },
    'the first plan takes room': { is: relevance.plan(undefined, givenPlan()), want: 'changed' },
    'a later plan may leave some': {
      is: relevance.plan(undefined, givenPlan(undefined, { window: 2 })),
      want: 'room',
    },
    'a plan that is superseded changes the world': {
      is: relevance.plan(givenPlan(), superseded),
      want: 'changed',
    },
    'a plan that stays as it is means nothing': {
      is: relevance.plan(givenPlan(), givenPlan()),
      want: 'none',
    },
  };
  for (const [name, { is, want }] of Object.entries(cases)) it(name, () => assert.equal(is, want));
});

describe('slim', () => {
  it('sends of a pod what takes room and who it is, and nothing of what it runs', () => {
    const secret = { name: 'PASSWORD', value: 'hunter2' };
    const [main] = bound.spec.containers;
    const containers = [{ ...main!, image: 'demo:1', env: [secret] }];
    const noisy = {
      ...bound,
      metadata: {
        ...bound.metadata,
        annotations: { note: 'hunter2' },
        labels: { ...bound.metadata.labels, own: 'x' },
      },
      spec: { ...bound.spec, containers },
    };
    assert.deepEqual(slimPod(noisy), slimPod(bound));
    assert.doesNotMatch(JSON.stringify(slimPod(noisy)), /hunter2/);
    assert.equal(slimPod(bound).spec.nodeName, 'a');
  });

  it('sends of a node neither images nor heartbeats', () => {
    const node = givenNode('a');
    assert.deepEqual(slimNode(beat(node)), slimNode(node));
    assert.deepEqual(slimNode(node).status?.allocatable, node.status?.allocatable);
  });
});
