import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { LABELS } from '#crds/meta.ts';
import { DEPLOYMENT, NODE } from '#kube/kinds.ts';
import type { FakePlanner } from './fake-planner.ts';
import type { FakeApiServer } from '#kube/fake-apiserver.ts';
import { givenDag, givenNode } from './given.ts';
import { DEPLOYMENTPLAN } from './kinds.ts';
import { Stage } from './stage.ts';

describe('the operator and the planner', () => {
  const stage = new Stage();
  const { start, apply, dag, plans, eventually, becomes, settled, made } = stage;
  let server: FakeApiServer;
  let planner: FakePlanner;
  beforeEach(() => {
    ({ server, planner } = stage);
  });

  it('says that the planner is away, keeps the plan in force, and goes on when it is back', async () => {
    apply();
    start();
    await becomes('Ready', /^True/);
    await becomes('Routed', /^True/);
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

  it('does not believe an answer that is no plan', async () => {
    planner.mode = 'garbage';
    apply();
    start();
    await becomes('Planned', /^Unknown PlannerUnavailable: the planner's answer is no plan document/);
    assert.equal(plans().length, 0);
  });

  it('does not read an answer without end', async () => {
    planner.mode = 'flood';
    apply();
    start();
    await becomes('Planned', /^Unknown PlannerUnavailable: .*the answer is longer than/);
    planner.mode = 'plan';
    await becomes('Ready', /^True/);
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

  it('asks whether moving what runs would make room, when nothing else does', async () => {
    apply();
    start();
    await becomes('Ready', /^True/);
    await settled();
    const before = planner.asked.length;
    for (const name of ['a', 'b']) server.put(NODE, givenNode(name, { ready: false }));
    await becomes('Planned', /^False Infeasible/);
    const asked = planner.asked.slice(before).map(({ keep, moves }) => `${keep} ${moves}`);
    const at = asked.indexOf('true 2');
    assert.ok(at > 0 && asked[at - 1] === 'true 0', asked.join());
  });
});
