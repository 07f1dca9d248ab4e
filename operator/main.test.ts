import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEPLOYMENT, EVENT, LEASE, NODE, POD, SERVICE } from '#kube/kinds.ts';
import type { KubeObject } from '#kube/object.ts';
import type { FakeCluster } from './fake-cluster.ts';
import type { FakePlanner } from './fake-planner.ts';
import type { FakeApiServer } from '#kube/fake-apiserver.ts';
import { givenDag, givenNode, givenRegion } from './given.ts';
import { EDGEREGION, SERVICEDAG } from './kinds.ts';
import type { CachedDag } from './objects.ts';
import { Stage } from './stage.ts';

describe('the operator', () => {
  const stage = new Stage();
  const { start, apply, dag, condition, plans, eventually, becomes, writes, settled } = stage;
  let server: FakeApiServer;
  let planner: FakePlanner;
  let cluster: FakeCluster;
  beforeEach(() => {
    ({ server, planner, cluster } = stage);
  });

  it('plans, dispatches, and says when every replica has a node and is ready', async () => {
    apply();
    start();
    await becomes('Ready', /^True Running/);
    await becomes('Routed', /^True Uniform/);
    const [plan] = plans();
    assert.equal(plan!.metadata.name, 'app-1');
    assert.equal(plan!.metadata.ownerReferences?.[0]?.uid, dag().metadata.uid);
    assert.equal(plan!.spec.dag.generation, dag().metadata.generation);
    assert.equal(plan!.spec.regions[0]!.assignments.length, 2);
    assert.deepEqual(
      server.objects(DEPLOYMENT).map(({ metadata }) => metadata.name),
      ['app-back-north', 'app-front-north'],
    );
    assert.deepEqual(
      server.objects(SERVICE).map(({ metadata }) => metadata.name),
      ['app-back', 'app-front', 'app-front-to-back-immersive'],
    );
    await eventually(
      () => plans()[0]?.status?.phase === 'Adopted',
      () => `phase ${plans()[0]?.status?.phase}`,
    );
    const { status } = dag();
    assert.deepEqual(status?.plan, { name: 'app-1', window: 1, source: 'Search' });
    assert.equal(status?.predicted?.latencyMicros, 9_000);
    assert.deepEqual(status?.explanation?.runnerUp, { latencyMicros: 9_900, why: 'other: it costs more' });
    for (const type of ['Accepted', 'Planned', 'Placed', 'Routed', 'WithinQoS'])
      assert.match(condition(type), /^True/, type);
    await eventually(
      () =>
        ['Planned', 'Placed'].every((r) => JSON.stringify(server.objects(EVENT)).includes(`"reason":"${r}"`)),
      () => 'events are missing',
    );
  });

  it('writes nothing, and asks nothing, once all is settled', async () => {
    apply();
    apply(givenDag({}, 'other'));
    start();
    await becomes('Ready', /^True/);
    await becomes('Ready', /^True/, 'other');
    await settled();
    const [before, asked] = [writes().length, planner.asked.length];
    // Heartbeats, renewals and touched objects are no news.
    for (let beat = 0; beat < 3; beat++) {
      const node = givenNode('a');
      const annotations = { beat: String(beat) };
      server.put(NODE, { ...node, metadata: { ...node.metadata, annotations: {} } });
      server.put(LEASE, { metadata: { name: 'other', namespace: 'edgeloom-system', annotations } });
      const [pod] = cluster.pods();
      server.put<KubeObject>(POD, { ...pod!, metadata: { ...pod!.metadata, annotations } });
      await sleep(300);
    }
    assert.deepEqual(writes().slice(before), []);
    assert.equal(planner.asked.length, asked);
  });

  it('never gives the same room to two DAGs that come at once', async () => {
    planner.delayMs = 20;
    for (const name of ['d1', 'd2', 'd3', 'd4', 'd5']) apply(givenDag({}, name));
    start();
    await eventually(
      () =>
        server
          .objects<CachedDag>(SERVICEDAG)
          .every((d) => /^(True|False I)/.test(condition('Planned', d.metadata.name))),
      () => 'not all are planned',
    );
    // Eight CPU, two for each DAG.
    assert.equal(plans().length, 4);
    const taken = Object.groupBy(
      plans().flatMap((plan) =>
        plan.spec.regions.flatMap((r) => r.assignments.map((a) => a.ranked[0]!.node)),
      ),
      (node) => node,
    );
    assert.deepEqual([taken['a']?.length, taken['b']?.length], [4, 4]);
  });

  it('says what binds a DAG that fits nowhere, and places it by itself when there is room', async () => {
    const { microservices } = givenDag().spec;
    const wide = microservices.map((m) => ({ ...m, replicas: { min: 5 } }));
    apply(givenDag({ microservices: wide }));
    start();
    await becomes('Planned', /^False Infeasible: node.cpu: no node has 1 cpu free for back/);
    await becomes('Ready', /^False Infeasible/);
    assert.match(dag().status?.explanation?.binding ?? '', /node.cpu/);
    assert.equal(server.objects(DEPLOYMENT).length, 0);
    await settled();
    const asked = planner.asked.length;
    await sleep(500);
    assert.equal(planner.asked.length, asked, 'asked again although nothing had changed');
    server.put(NODE, givenNode('c'));
    await becomes('Ready', /^True/);
  });

  it('is placed when another DAG is deleted', async () => {
    const { microservices } = givenDag().spec;
    apply(givenDag({ microservices: microservices.map((m) => ({ ...m, replicas: { min: 3 } })) }, 'big'));
    start();
    await becomes('Ready', /^True/, 'big');
    apply(givenDag({ microservices: microservices.map((m) => ({ ...m, replicas: { min: 2 } })) }));
    await becomes('Planned', /^False Infeasible/);
    server.remove(SERVICEDAG, 'default/big');
    await becomes('Ready', /^True/);
  });

  it('names the members of a cycle, and accepts the DAG once it is mended', async () => {
    const cyclic = givenDag();
    const edges = [...cyclic.spec.edges, { ...cyclic.spec.edges[0]!, from: 'back', to: 'front' }];
    apply({ ...cyclic, spec: { ...cyclic.spec, edges } });
    start();
    await becomes('Accepted', /^False Cycle: spec.edges\[0\]: cycle front → back → front/);
    await becomes('Ready', /^False Cycle/);
    apply();
    await becomes('Ready', /^True/);
    await becomes('Accepted', /^True/);
  });

  it('waits for the region that its users are in', async () => {
    apply(givenDag({ ingress: [{ region: 'south' }] }));
    start();
    await becomes('Accepted', /^False UnknownRegion: spec.ingress\[0\].region: no EdgeRegion "south"/);
    server.put(EDGEREGION, givenRegion('south'));
    await becomes('Ready', /^True/);
  });

  it('accepts again what it had planned when its region comes back', async () => {
    apply();
    start();
    await becomes('Ready', /^True/);
    server.remove(EDGEREGION, 'north');
    await becomes('Accepted', /^False UnknownRegion/);
    assert.equal(cluster.pods().length, 2);
    server.put(EDGEREGION, givenRegion('north'));
    await becomes('Ready', /^True/);
    assert.equal(plans().length, 1);
  });
});
