import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { LABELS, PLACEMENT_GATE } from '#crds/meta.ts';
import { FakeApiServer } from '#kube/fake-apiserver.ts';
import { DEPLOYMENT, EVENT, LEASE, NODE, POD, SERVICE } from '#kube/kinds.ts';
import type { KubeObject } from '#kube/object.ts';
import { FakeCluster } from './fake-cluster.ts';
import { FakePlanner } from './fake-planner.ts';
import { givenDag, givenNode, givenRegion } from './given.ts';
import { DEPLOYMENTPLAN, EDGEREGION, SERVICEDAG } from './kinds.ts';
import { runOperator } from './main.ts';
import type { CachedDag, CachedPlan, CachedPod, CachedRegion, Deployment, Service } from './objects.ts';

describe('the operator', () => {
  let server: FakeApiServer;
  let planner: FakePlanner;
  let cluster: FakeCluster;
  let agents: boolean;
  const stops: { stop: AbortController; ended: Promise<unknown> }[] = [];

  const start = (identity = 'one', leaderElect = false): { kill: () => Promise<unknown> } => {
    const stop = new AbortController();
    const { url: plannerUrl } = planner;
    const ended = runOperator({
      transport: server.transport(),
      plannerUrl,
      identity,
      port: 0,
      leaderElect,
      signal: stop.signal,
    });
    stops.push({ stop, ended });
    return {
      kill: () => {
        stop.abort();
        return ended;
      },
    };
  };
  const apply = (dag: CachedDag = givenDag()): CachedDag => {
    const { uid: _given, generation: _too, ...metadata } = dag.metadata;
    return server.put(SERVICEDAG, { ...dag, metadata });
  };
  const dag = (name = 'app'): CachedDag =>
    server.objects<CachedDag>(SERVICEDAG).find(({ metadata }) => metadata.name === name)!;
  const condition = (type: string, name = 'app'): string => {
    const found = dag(name)?.status?.conditions?.find((c) => c.type === type);
    return `${found?.status} ${found?.reason}: ${found?.message}`;
  };
  const plans = (): CachedPlan[] => server.objects<CachedPlan>(DEPLOYMENTPLAN);
  const eventually = async (what: () => boolean, message: () => string, ms = 5_000): Promise<void> => {
    const endMs = performance.now() + ms;
    while (!what()) {
      if (performance.now() > endMs) assert.fail(message());
      await sleep(10);
    }
  };
  const becomes = (type: string, pattern: RegExp, name = 'app'): Promise<void> =>
    eventually(
      () => pattern.test(condition(type, name)),
      () => `${name}: ${type} is ${condition(type, name)}, not ${pattern}`,
    );
  /** Writes that matter: events and Leases apart. */
  const writes = (): string[] =>
    server.writes
      .filter(({ path }) => !/\/(events|leases)/.test(path))
      .map(({ verb, path }) => `${verb} ${path}`);
  const settled = async (): Promise<void> => {
    let before = -1;
    while (before !== writes().length) {
      before = writes().length;
      await sleep(700);
    }
  };
  /** Everything that was made, without what the server gives each object anew. */
  const made = (): unknown =>
    [DEPLOYMENT, SERVICE].map((kind) =>
      server.objects<Deployment | Service>(kind).map(({ metadata, spec }) => ({ name: metadata.name, spec })),
    );

  beforeEach(async () => {
    server = await FakeApiServer.start({ historySize: 10_000 });
    planner = await FakePlanner.start();
    agents = true;
    const planned = (pod: CachedPod): string | undefined => {
      const of = (label: string): string | undefined => pod.metadata.labels?.[label];
      const mine = plans().filter((plan) => plan.spec.dag.name === of(LABELS.dag));
      const newest = mine.toSorted((a, b) => b.spec.window - a.spec.window)[0];
      const names = newest?.spec.regions
        .find(({ region }) => region === of(LABELS.region))
        ?.assignments.filter(({ microservice }) => microservice === of(LABELS.microservice))
        .map(({ ranked }) => ranked[0]!.node);
      const owner = pod.metadata.ownerReferences?.[0]?.uid;
      for (const { metadata, spec } of cluster.pods())
        if (metadata.ownerReferences?.[0]?.uid === owner && names?.includes(spec.nodeName ?? ''))
          names.splice(names.indexOf(spec.nodeName ?? ''), 1);
      return names?.[0];
    };
    cluster = new FakeCluster(server, (pod) => (agents ? planned(pod) : undefined));
    const stop = new AbortController();
    stops.push({ stop, ended: cluster.run(stop.signal) });
    server.put(EDGEREGION, givenRegion('north'));
    for (const name of ['a', 'b']) server.put(NODE, givenNode(name));
  });
  afterEach(async () => {
    for (const { stop } of stops) stop.abort();
    await Promise.all(stops.splice(0).map(({ ended }) => ended));
    await planner.stop();
    await server.stop();
  });

  it('plans, dispatches, and says when every replica has a node and is ready', async () => {
    apply();
    start();
    await becomes('Ready', /^True Running/);
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
      ['app-back', 'app-front'],
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

  it('says that the planner is away, keeps the plan in force, and goes on when it is back', async () => {
    apply();
    start();
    await becomes('Ready', /^True/);
    planner.mode = 'down';
    const before = made();
    const { microservices } = givenDag().spec;
    apply(givenDag({ microservices: microservices.map((m) => ({ ...m, replicas: { min: 2 } })) }));
    apply(givenDag({}, 'late'));
    await becomes('Planned', /^Unknown PlannerUnavailable: .*app-1 stays in force/);
    await becomes('Planned', /^Unknown PlannerUnavailable/, 'late');
    assert.deepEqual(made(), before);
    planner.mode = 'plan';
    await becomes('Ready', /^True/, 'late');
    await becomes('Ready', /^True Running: all 4/);
  });

  it('repairs what runs while the planner hangs and others wait for it', async () => {
    apply();
    start();
    await becomes('Ready', /^True/);
    planner.mode = 'silent';
    const before = planner.asked.length;
    for (const name of ['d1', 'd2', 'd3', 'd4', 'd5', 'd6']) apply(givenDag({}, name));
    await eventually(
      () => planner.asked.length > before,
      () => 'the planner is not asked',
    );
    await sleep(100);
    server.remove(DEPLOYMENT, 'default/app-back-north');
    await eventually(
      () => server.objects(DEPLOYMENT).length === 2,
      () => 'the Deployment is not back',
      1_000,
    );
  });

  it('plans a DAG anew whose name another had before', async () => {
    apply();
    start();
    await becomes('Ready', /^True/);
    const [old] = plans();
    const strange = { ...old!, spec: { ...old!.spec, dag: { ...old!.spec.dag, name: 'late', uid: 'gone' } } };
    const labels = { [LABELS.dag]: 'late' };
    server.put(DEPLOYMENTPLAN, { ...strange, metadata: { name: 'late-1', namespace: 'default', labels } });
    apply(givenDag({}, 'late'));
    await becomes('Ready', /^True/, 'late');
    assert.equal(dag('late').status?.plan?.name, 'late-2');
    assert.equal(plans().find(({ metadata }) => metadata.name === 'late-2')?.spec.window, 2);
  });

  it('leaves alone what only carries its label', async () => {
    const labels = { [LABELS.dag]: 'app' };
    const spec = { selector: { app: 'mine' }, ports: [] };
    server.put<Service>(SERVICE, { metadata: { name: 'theirs', namespace: 'default', labels }, spec });
    apply();
    start();
    await becomes('Ready', /^True/);
    server.remove(SERVICEDAG, 'default/app');
    await eventually(
      () => server.objects(SERVICEDAG).length === 0,
      () => 'the DAG is there still',
    );
    assert.deepEqual(
      server.objects(SERVICE).map(({ metadata }) => metadata.name),
      ['theirs'],
    );
  });

  it('does not believe an answer that is no plan', async () => {
    planner.mode = 'garbage';
    apply();
    start();
    await becomes('Planned', /^Unknown PlannerUnavailable: the planner's answer is no plan document/);
    assert.equal(plans().length, 0);
  });

  it('plans anew when a planned node is lost, and keeps two plans', async () => {
    apply();
    start();
    await becomes('Ready', /^True/);
    await settled();
    server.put(NODE, givenNode('a', { ready: false }));
    await eventually(
      () => plans().length === 2,
      () => 'no second plan',
    );
    const [first, second] = plans();
    assert.deepEqual([...new Set(second!.spec.regions[0]!.assignments.map((a) => a.ranked[0]!.node))], ['b']);
    await eventually(
      () => plans()[0]?.status?.phase === 'Superseded',
      () => `phase of ${first!.metadata.name}: ${plans()[0]?.status?.phase}`,
    );
    server.put(NODE, givenNode('a'));
    server.put(NODE, givenNode('b', { ready: false }));
    await eventually(
      () => plans().some((plan) => plan.spec.window === 3),
      () => 'no third plan',
    );
    await eventually(
      () => plans().length === 2,
      () => `${plans().length} plans are kept`,
    );
  });

  it('follows a changed spec: what is no longer wanted goes', async () => {
    apply();
    start();
    await becomes('Ready', /^True/);
    const [front] = givenDag().spec.microservices;
    apply(givenDag({ microservices: [front!], edges: [] }));
    await becomes('Ready', /^True Running: all 1 /);
    await eventually(
      () => server.objects(DEPLOYMENT).length === 1 && server.objects(SERVICE).length === 1,
      () => 'Deployments or Services are left',
    );
  });

  it('leaves nothing behind when it is deleted', async () => {
    apply();
    start();
    await becomes('Ready', /^True/);
    server.remove(SERVICEDAG, 'default/app');
    await eventually(
      () =>
        [SERVICEDAG, DEPLOYMENT, SERVICE, DEPLOYMENTPLAN].every((kind) => server.objects(kind).length === 0),
      () => 'something is left',
    );
  });

  it('does not take what belongs to somebody else', async () => {
    const spec = { selector: { app: 'mine' }, ports: [{ name: 'app', port: 1 }] };
    await server.transport().apply(
      SERVICE,
      { metadata: { name: 'app-front', namespace: 'default' }, spec },
      {
        fieldManager: 'somebody',
      },
    );
    apply();
    start();
    await becomes('Placed', /^False NameTaken: Service app-front is there already/);
    const [service] = server
      .objects<Service>(SERVICE)
      .filter(({ metadata }) => metadata.name === 'app-front');
    assert.deepEqual(service!.spec, spec);
  });

  it('repairs a Deployment that was deleted or scaled by hand', async () => {
    apply();
    start();
    await becomes('Ready', /^True/);
    server.remove(DEPLOYMENT, 'default/app-back-north');
    const [front] = server
      .objects<Deployment>(DEPLOYMENT)
      .filter((d) => d.metadata.name === 'app-front-north');
    server.put(DEPLOYMENT, { ...front!, spec: { ...front!.spec, replicas: 3 } });
    await eventually(
      () => server.objects<Deployment>(DEPLOYMENT).filter((d) => d.spec.replicas === 1).length === 2,
      () => JSON.stringify(server.objects<Deployment>(DEPLOYMENT).map((d) => d.spec.replicas)),
    );
  });

  for (const atWrite of [0, 1, 2, 4, 6, 8]) {
    it(`comes to the same objects when it is killed after ${atWrite} writes`, async () => {
      apply();
      const first = start('first');
      await eventually(
        () => writes().length >= atWrite,
        () => `only ${writes().length} writes`,
      );
      await first.kill();
      start('second');
      await becomes('Ready', /^True/);
      await eventually(
        () => plans()[0]?.status?.phase === 'Adopted',
        () => `phase ${plans()[0]?.status?.phase}`,
      );
      assert.deepEqual(
        (made() as { name: string }[][]).map((kind) => kind.map(({ name }) => name)),
        [
          ['app-back-north', 'app-front-north'],
          ['app-back', 'app-front'],
        ],
      );
      assert.equal(plans().length, 1);
    });
  }

  it('releases a pod whose agent stays away, with the plan as preference', async () => {
    agents = false;
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
    agents = false;
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
    start('first', true);
    apply();
    await becomes('Ready', /^True/);
    const { ended } = stops.pop()!;
    const [lease] = server.objects<KubeObject>(LEASE);
    const renewTime = new Date().toISOString();
    const spec = { holderIdentity: 'other', renewTime, leaseDurationSeconds: 15, leaseTransitions: 1 };
    server.put<KubeObject>(LEASE, { ...lease!, spec } as KubeObject);
    await assert.rejects(ended, /the Lease edgeloom-operator is lost/);
  });

  it('goes on after cut watches and a server that was away', async () => {
    start();
    apply();
    await becomes('Ready', /^True/);
    server.faults.expire();
    server.faults.refuse(3, 500, 'InternalError');
    apply(givenDag({}, 'later'));
    await eventually(
      () => condition('Ready', 'later').startsWith('True'),
      () => condition('Ready', 'later'),
      10_000,
    );
  });
});
