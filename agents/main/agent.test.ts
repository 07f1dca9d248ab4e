import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ANNOTATIONS } from '#crds/meta.ts';
import type { KubePod } from '#crds/node.ts';
import { decidedNode } from '#world/claims.ts';
import { FakeApiServer } from '#kube/fake-apiserver.ts';
import { LEASE, NODE, POD } from '#kube/kinds.ts';
import type { Kind } from '#kube/kinds.ts';
import type { KubeObject } from '#kube/object.ts';
import { isGated } from '../gated.ts';
import { givenDag, givenNode, givenPlan, givenPod, givenRegion } from '../given.ts';
import { runAgents } from './agent.ts';
import type { RunAgentsOptions } from './agent.ts';
import { DEPLOYMENTPLAN, EDGEREGION, SERVICEDAG } from '#crds/served.ts';

describe('agents', () => {
  let server: FakeApiServer;
  let running: { stop: AbortController; ended: Promise<void> }[];

  const put = (kind: Kind, ...objects: object[]): void =>
    objects.forEach((object) => server.put(kind, object as KubeObject));
  const pods = (): KubePod[] => server.objects<KubePod & KubeObject>(POD);
  const nodeOf = (name: string): string | undefined =>
    pods().flatMap((pod) => (pod.metadata.name === name ? (decidedNode(pod) ?? []) : []))[0];

  const start = (over: Partial<RunAgentsOptions> = {}): { kill: () => Promise<void> } => {
    const stop = new AbortController();
    const ended = runAgents({
      transport: server.transport(),
      regions: 'all',
      identity: `agent-${running.length}`,
      port: 0,
      periodMs: 100,
      signal: stop.signal,
      ...over,
    });
    running.push({ stop, ended });
    return {
      kill: () => {
        stop.abort();
        return ended;
      },
    };
  };

  const eventually = async (what: () => boolean, message: string, ms = 3_000): Promise<void> => {
    const endMs = performance.now() + ms;
    while (!what()) {
      if (performance.now() > endMs) assert.fail(message);
      await sleep(5);
    }
  };
  const noneGated = (): boolean => pods().every((pod) => !isGated(pod));

  beforeEach(async () => {
    server = await FakeApiServer.start({ historySize: 10_000 });
    running = [];
    put(EDGEREGION, givenRegion('north'));
    put(NODE, givenNode('a'), givenNode('b'), givenNode('c'));
    const { uid } = server.put<KubeObject>(SERVICEDAG, givenDag()).metadata;
    const plan = givenPlan({ front: [['b', 'c'], ['c']], back: [['a']] });
    put(DEPLOYMENTPLAN, { ...plan, spec: { ...plan.spec, dag: { name: 'app', uid } } });
  });
  afterEach(async () => {
    for (const { stop } of running) stop.abort();
    await Promise.all(running.map(({ ended }) => ended));
    await server.stop();
  });

  it('pins pods that were there before it and pods that come later', async () => {
    put(POD, givenPod('p1', { age: 2 }));
    start();
    await eventually(() => nodeOf('p1') === 'b', 'p1 is not pinned to b');
    put(POD, givenPod('p2', { age: 1 }), givenPod('q', { microservice: 'back' }));
    await eventually(() => nodeOf('p2') === 'c' && nodeOf('q') === 'a', 'p2 and q are not pinned');
    const [p1] = pods().filter((pod) => pod.metadata.name === 'p1');
    const decision = JSON.parse(p1!.metadata.annotations?.[ANNOTATIONS.decision] ?? '') as object;
    assert.deepEqual(decision, { reason: 'Planned', plan: 'app-1', nodes: ['b', 'c'] });
    assert.equal(p1!.metadata.annotations?.['edgeloom.dev/template'], 'yes');
  });

  it('reacts to a new pod within a moment, not at the next period', async () => {
    start({ periodMs: 60_000 });
    await eventually(() => server.objects(LEASE).length === 1, 'no lease');
    await sleep(50);
    const startMs = performance.now();
    put(POD, givenPod('p1'));
    await eventually(() => nodeOf('p1') !== undefined, 'p1 is not pinned', 1_000);
    assert.ok(performance.now() - startMs < 500);
  });

  it('decides a burst once each, and over no node’s room', async () => {
    const nodes = Array.from({ length: 40 }, (_, i) => givenNode(`n${String(i).padStart(2, '0')}`));
    put(NODE, ...nodes);
    start();
    put(POD, ...Array.from({ length: 120 }, (_, i) => givenPod(`p${i}`)));
    await eventually(noneGated, 'pods are gated still', 6_000);
    const held = Object.groupBy(pods(), (pod) => decidedNode(pod) ?? 'none');
    for (const [node, here] of Object.entries(held)) assert.ok((here?.length ?? 0) <= 4, node);
    const patches = server.writes.filter(({ verb, path }) => verb === 'patch' && path.includes('/pods/'));
    assert.equal(patches.length, 120);
  });

  it('places the pod that replaces one on a lost node elsewhere', async () => {
    put(POD, givenPod('p1'));
    start();
    await eventually(() => nodeOf('p1') === 'b', 'p1 is not pinned to b');
    put(NODE, givenNode('b', { ready: false }));
    server.remove(POD, 'default/p1');
    put(POD, { ...givenPod('p1'), metadata: { ...givenPod('p1').metadata, uid: 'another' } });
    await eventually(() => nodeOf('p1') === 'c', 'p1 is not placed again');
  });

  it('waits for room, and takes it when it comes', async () => {
    put(POD, givenPod('big', { cpu: '6' }));
    start();
    await eventually(
      () =>
        server.writes.some(
          ({ path, body }) => path.includes('/events') && JSON.stringify(body).includes('InsufficientRoom'),
        ),
      'nobody says that there is no room',
    );
    assert.equal(nodeOf('big'), undefined);
    put(NODE, givenNode('d', { cpu: '8' }));
    await eventually(() => nodeOf('big') === 'd', 'big is not placed');
  });

  it('a second agent waits for the lease and goes on where the first one stopped', async () => {
    put(POD, givenPod('p1'));
    const first = start({ identity: 'first' });
    await eventually(() => nodeOf('p1') === 'b', 'p1 is not pinned');
    start({ identity: 'second' });
    await first.kill();
    put(POD, givenPod('p2'));
    await eventually(() => nodeOf('p2') === 'c', 'p2 is not pinned', 5_000);
    assert.equal(server.writes.filter(({ path }) => path.endsWith('/pods/p1')).length, 1);
  });

  it('follows regions as they come and go', async () => {
    start();
    put(EDGEREGION, givenRegion('south'));
    put(NODE, givenNode('s1', { region: 'south' }));
    put(POD, givenPod('far', { region: 'south' }));
    await eventually(() => nodeOf('far') === 's1', 'far is not pinned');
    server.remove(EDGEREGION, 'south');
    await eventually(() => {
      const lease = server.objects<KubeObject & { spec?: { holderIdentity?: string } }>(LEASE);
      return (
        lease.find(({ metadata }) => metadata.name === 'edgeloom-agent-south')?.spec?.holderIdentity === ''
      );
    }, 'the lease of a gone region is held');
  });

  it('decides only for the regions it was given', async () => {
    put(EDGEREGION, givenRegion('south'));
    put(NODE, givenNode('s1', { region: 'south' }));
    put(POD, givenPod('p1'), givenPod('far', { region: 'south' }));
    start({ regions: ['south'] });
    await eventually(() => nodeOf('far') === 's1', 'far is not pinned');
    await sleep(150);
    assert.equal(nodeOf('p1'), undefined);
  });

  it('goes on after cut watches, refused patches and a server that is away', async () => {
    start();
    put(POD, givenPod('p1'));
    await eventually(() => nodeOf('p1') !== undefined, 'p1 is not pinned');
    server.faults.refuse(3, 500, 'InternalError');
    put(POD, givenPod('p2'));
    await eventually(() => nodeOf('p2') !== undefined, 'p2 is not pinned', 5_000);
    server.faults.expire();
    put(POD, givenPod('p3', { microservice: 'back' }));
    await eventually(() => nodeOf('p3') !== undefined, 'p3 is not pinned', 5_000);
  });

  it('writes nothing when there is nothing to decide', async () => {
    put(POD, givenPod('p1'));
    start();
    await eventually(() => nodeOf('p1') !== undefined, 'p1 is not pinned');
    await sleep(50);
    const before = server.writes.filter(({ path }) => !path.includes('/leases')).length;
    put(NODE, { ...givenNode('a'), metadata: { ...givenNode('a').metadata, annotations: { beat: '1' } } });
    await sleep(400);
    assert.equal(server.writes.filter(({ path }) => !path.includes('/leases')).length, before);
  });
});
