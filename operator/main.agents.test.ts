import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { PLACEMENT_GATE } from '#crds/meta.ts';
import { LEASE } from '#kube/kinds.ts';
import type { KubeObject } from '#kube/object.ts';
import type { FakeCluster } from './fake-cluster.ts';
import type { FakeApiServer } from '#kube/fake-apiserver.ts';
import { givenDag, givenRegion } from './given.ts';
import { EDGEREGION } from './kinds.ts';
import type { CachedRegion } from './objects.ts';
import { Stage } from './stage.ts';

describe('the operator, regions and Leases', () => {
  const stage = new Stage();
  const { start, apply, eventually, becomes } = stage;
  let server: FakeApiServer;
  let cluster: FakeCluster;
  beforeEach(() => {
    ({ server, cluster } = stage);
  });

  it('releases a pod whose agent stays away, with the plan as preference', async () => {
    stage.agents = false;
    apply(givenDag({ placement: { fallback: { after: '1s', mode: 'Release' } } }));
    start();
    await becomes('Placed', /^False Waiting: 0 of 2 replicas/);
    await eventually(
      () =>
        cluster.pods().length === 2 &&
        cluster.pods().every((pod) => !pod.spec.schedulingGates?.some((g) => g.name === PLACEMENT_GATE)),
      () => 'pods are gated still',
    );
    assert.match(JSON.stringify(cluster.pods()[0]!.spec.affinity), /preferredDuring.*"values":\["a"\]/);
    assert.doesNotMatch(JSON.stringify(cluster.pods()[0]!.spec.affinity), /requiredDuring/);
  });

  it('holds it instead when the DAG says so', async () => {
    stage.agents = false;
    apply(givenDag({ placement: { fallback: { after: '100ms', mode: 'Hold' } } }));
    start();
    await becomes('Placed', /^False Waiting/);
    await sleep(600);
    assert.ok(cluster.pods().every((pod) => pod.spec.schedulingGates?.length === 1));
  });

  it('reports regions: members, room, what is wrong, and whether the agent is there', async () => {
    const links = [{ from: 'north', to: 'nowhere', latency: '1ms', bandwidth: '1G' }];
    server.put(EDGEREGION, givenRegion('bad', { topology: { links } }));
    apply();
    start();
    await becomes('Ready', /^True/);
    const status = (name: string): CachedRegion['status'] =>
      server.objects<CachedRegion>(EDGEREGION).find((r) => r.metadata.name === name)?.status;
    await eventually(
      () => status('north')?.allocated?.['cpu'] === '2',
      () => JSON.stringify(status('north')),
    );
    assert.equal(status('north')?.nodes, 2);
    assert.equal(status('north')?.capacity?.['cpu'], '8');
    assert.match(JSON.stringify(status('north')?.conditions), /NoAgent/);
    assert.match(JSON.stringify(status('bad')?.conditions), /UnknownLinkEnd.*nowhere/);
    const lease = { holderIdentity: 'agent', renewTime: new Date().toISOString(), leaseDurationSeconds: 15 };
    server.put<KubeObject>(LEASE, {
      metadata: { name: 'edgeloom-agent-north', namespace: 'edgeloom-system' },
      spec: lease,
    } as KubeObject);
    await eventually(
      () => /LeaseHeld/.test(JSON.stringify(status('north')?.conditions)),
      () => JSON.stringify(status('north')?.conditions),
    );
  });

  it('acts only with the Lease, and a second one takes over', async () => {
    const first = start('first', true);
    apply();
    await becomes('Ready', /^True/);
    start('second', true);
    await sleep(200);
    await first.kill();
    apply(givenDag({}, 'later'));
    await becomes('Ready', /^True/, 'later');
  });

  it('ends when it has lost its Lease', async () => {
    const operator = start('first', true);
    apply();
    await becomes('Ready', /^True/);
    const [lease] = server.objects<KubeObject>(LEASE);
    const renewTime = new Date().toISOString();
    const spec = { holderIdentity: 'other', renewTime, leaseDurationSeconds: 15, leaseTransitions: 1 };
    server.put<KubeObject>(LEASE, { ...lease!, spec } as KubeObject);
    await assert.rejects(operator.end(), /the Lease edgeloom-operator is lost/);
  });
});
