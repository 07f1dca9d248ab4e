import assert from 'node:assert/strict';
import type { KubePod } from '#crds/node.ts';
import { givenPod, pinned } from '../given.ts';
import { StuckPins, pinnedRegion } from './stuck.ts';

const refused = (name: string, over: Partial<KubePod['metadata']> = {}, node = 'a'): KubePod => {
  const pod = pinned(givenPod(name), node);
  const ownerReferences = [
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'u', controller: true },
  ];
  const annotations = { 'edgeloom.dev/decision': '{}' };
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }];
  const metadata = { ...pod.metadata, annotations, ownerReferences, ...over };
  return { ...pod, metadata, status: { phase: 'Pending', conditions } };
};
const names = (pods: readonly KubePod[]): string[] => pods.map((pod) => pod.metadata.name);

describe('StuckPins', () => {
  it('takes a pin back after ten seconds of refusal, not before', () => {
    const stuck = new StuckPins();
    const pods = [refused('p1')];
    assert.deepEqual(names(stuck.due(pods, 0)), []);
    assert.deepEqual(names(stuck.due(pods, 10_000)), []);
    assert.deepEqual(names(stuck.due(pods, 10_001)), ['p1']);
  });

  it('takes each pod back once', () => {
    const stuck = new StuckPins();
    const pods = [refused('p1')];
    stuck.due(pods, 0);
    stuck.deleted(pods[0]!, 10_001);
    assert.deepEqual(names(stuck.due(pods, 10_002)), []);
    assert.deepEqual(names(stuck.due(pods, 1e6)), []);
  });

  it('takes pods that were stuck together back together', () => {
    const stuck = new StuckPins();
    const pods = [refused('p1'), refused('p2', {}, 'b')];
    stuck.due(pods, 0);
    for (const pod of stuck.due(pods, 10_001)) stuck.deleted(pod, 10_001);
    assert.deepEqual([...(stuck.avoided(10_002).get('default/app/front') ?? [])], ['a', 'b']);
    assert.equal(stuck.avoided(40_002).size, 0);
  });

  it('waits twice as long before the next wave of the same template', () => {
    const stuck = new StuckPins();
    const first = refused('p1');
    stuck.due([first], 0);
    stuck.deleted(first, 10_001);
    const second = refused('p2');
    stuck.due([second], 10_500);
    assert.deepEqual(names(stuck.due([second], 30_000)), []);
    assert.deepEqual(names(stuck.due([second], 40_001)), ['p2']);
    stuck.deleted(second, 40_001);
    assert.equal(stuck.avoided(100_000).size, 1);
    assert.equal(stuck.avoided(100_002).size, 0);
  });

  it('starts over when the scheduler changed its mind', () => {
    const stuck = new StuckPins();
    stuck.due([refused('p1')], 0);
    stuck.due([{ ...refused('p1'), status: { phase: 'Pending' } }], 5_000);
    assert.deepEqual(names(stuck.due([refused('p1')], 11_000)), []);
  });

  it('never takes back what nobody would make again', () => {
    const stuck = new StuckPins();
    const bare = [refused('p1', { ownerReferences: [] })];
    stuck.due(bare, 0);
    assert.deepEqual(names(stuck.due(bare, 60_000)), []);
  });

  it('looks only at pods that we pinned and nobody bound', () => {
    const pod = refused('p1');
    assert.equal(pinnedRegion(pod), 'north');
    assert.equal(pinnedRegion({ ...pod, spec: { ...pod.spec, nodeName: 'a' } }), undefined);
    assert.equal(pinnedRegion(givenPod('p1')), undefined);
    assert.equal(pinnedRegion(refused('p1', { annotations: {} })), undefined);
    assert.equal(pinnedRegion(refused('p1', { deletionTimestamp: '2026-01-01T00:00:00Z' })), undefined);
  });
});
