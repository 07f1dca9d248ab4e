import assert from 'node:assert/strict';
import { LABELS } from '#crds/meta.ts';
import { DEPLOYMENT, SERVICE } from '#kube/kinds.ts';
import type { FakeApiServer } from '#kube/fake-apiserver.ts';
import { givenDag } from './given.ts';
import { DEPLOYMENTPLAN, SERVICEDAG } from './kinds.ts';
import type { Deployment, Service } from './objects.ts';
import { Stage } from './stage.ts';

describe('the operator, when things go missing or change', () => {
  const stage = new Stage();
  const { start, apply, condition, plans, eventually, becomes, settled, writes, made } = stage;
  let server: FakeApiServer;
  beforeEach(() => {
    ({ server } = stage);
  });

  it('leaves alone what only carries its label', async () => {
    const labels = { [LABELS.dag]: 'app' };
    const spec = { selector: { app: 'mine' }, ports: [] };
    server.put<Service>(SERVICE, { metadata: { name: 'theirs', namespace: 'default', labels }, spec });
    apply();
    start();
    await becomes('Ready', /^True/);
    // What routing has still to write would be the garbage collector's, and there is none here.
    await settled();
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
    await settled();
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
      await becomes('Routed', /^True/);
      await eventually(
        () => plans()[0]?.status?.phase === 'Adopted',
        () => `phase ${plans()[0]?.status?.phase}`,
      );
      assert.deepEqual(
        (made() as { name: string }[][]).map((kind) => kind.map(({ name }) => name)),
        [
          ['app-back-north', 'app-front-north'],
          ['app-back', 'app-front', 'app-front-to-back-immersive'],
        ],
      );
      assert.equal(plans().length, 1);
    });
  }

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
