import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENDPOINTSLICE, SERVICE } from '#kube/kinds.ts';
import type { KubeObject } from '#kube/object.ts';
import { GATEWAY, GRPCROUTE, HTTPROUTE, SERVICEDAG, TCPROUTE } from '../../kinds.ts';
import type { Service } from '../../objects.ts';
import { RoutingStage } from './stage.ts';
import type { Route } from './stage-gateway.ts';

/** A Gateway, two regions with a replica each, 70 : 30 wanted, accepted. */
async function routedByGateway(stage: RoutingStage): Promise<ReturnType<RoutingStage['dag']>> {
  const dag = stage.dag();
  stage.plan(dag, { north: 7, south: 3 });
  stage.replica('north');
  stage.replica('south');
  await stage.becomes(/^True Gateway/);
  return dag;
}

describe('routing on a server', () => {
  const stage = new RoutingStage();

  it('writes backends, a weighted route and a front that leads to the Gateway, and says so', async () => {
    await routedByGateway(stage);
    assert.deepEqual(stage.weights(), { north: 7_000, south: 3_000 });
    assert.deepEqual(
      stage.route()?.spec.parentRefs.map(({ kind }) => kind),
      ['Service', 'Gateway'],
    );
    const { mechanism, reason, weights, maxErrorPpm } = stage.row() ?? {};
    assert.deepEqual(
      { mechanism, reason, maxErrorPpm },
      { mechanism: 'Gateway', reason: 'RouteAccepted', maxErrorPpm: 0 },
    );
    assert.deepEqual(weights?.[0], { backend: 'north', desiredPpm: 700_000, programmedPpm: 700_000 });
    await stage.eventually(
      () => stage.front()?.spec.selector === undefined,
      () => 'the front still selects pods',
    );
    const slice = stage.server.objects<KubeObject & { endpoints: unknown; ports: unknown }>(ENDPOINTSLICE)[0];
    assert.deepEqual(slice?.endpoints, [{ addresses: ['10.9.0.1'], conditions: { ready: true } }]);
    assert.deepEqual(slice?.ports, [{ name: 'app', port: 8080, protocol: 'TCP' }]);
  });

  it('writes nothing in steady state, and nothing twice after a restart', async () => {
    await routedByGateway(stage);
    await sleep(500);
    const before = stage.writes().length;
    await sleep(1_000);
    stage.replica('north'); // a heartbeat
    await stage.restart();
    await stage.becomes(/^True Gateway/);
    await sleep(500);
    assert.deepEqual(stage.writes().slice(before), []);
  });

  it('takes a dead group out of the split at once and lets it in again gently', async () => {
    await routedByGateway(stage);
    const since = stage.nowMs();
    stage.replica('south', { ready: false });
    await stage.eventually(
      () => stage.weights()['south'] === undefined,
      () => JSON.stringify(stage.weights()),
    );
    assert.ok(stage.nowMs() - since < 2_000);
    assert.deepEqual(stage.weights(), { north: 10_000 });
    await stage.becomes(/^True Gateway/);
    stage.replica('south');
    await stage.eventually(
      () => stage.weights()['south'] === 1,
      () => JSON.stringify(stage.weights()),
    );
    await stage.eventually(
      () => stage.weights()['south'] === 3_000,
      () => JSON.stringify(stage.weights()),
    );
  });

  it('follows a new plan through weight 1, and removes the route before the backend', async () => {
    const dag = await routedByGateway(stage);
    stage.replica('west');
    const before = stage.writes().length;
    stage.plan(dag, { north: 5, west: 5 });
    await stage.eventually(() => stage.weights()['south'] === undefined && stage.weights()['west'] === 5_000, () => JSON.stringify(stage.weights())); // prettier-ignore
    const services = (): string[] => stage.server.objects(SERVICE).map(({ metadata }) => metadata.name);
    await stage.eventually(
      () => !services().includes('app-back-in-south'),
      () => services().join(),
    );
    const writes = stage.writes().slice(before);
    const at = (pattern: RegExp): number => writes.findIndex((write) => pattern.test(write));
    assert.ok(at(/apply .*app-back-in-west/) < at(/apply .*httproutes/), 'backend before route');
    assert.equal(at(/delete .*app-back-in-south/), writes.length - 1, 'backend after route');
    assert.ok(writes.length <= 6, writes.join('\n'));
  });

  it('comes down when a Gateway that accepted rejects, says so, and goes up again when it has held', async () => {
    await routedByGateway(stage);
    const since = stage.nowMs();
    stage.gateway = 'rejects';
    await stage.becomes(
      /^False RoutingDegraded: front→back: Gateway: NotAllowedByListeners: told so; calls go by EndpointSubset/,
    );
    assert.ok(stage.nowMs() - since < 10_000);
    assert.equal(stage.row()?.mechanism, 'EndpointSubset');
    await stage.eventually(() => stage.server.objects<KubeObject & { endpoints: object[] }>(ENDPOINTSLICE)[0]?.endpoints.length === 2, () => 'the front does not lead to the replicas'); // prettier-ignore
    stage.gateway = 'accepts';
    await stage.becomes(/^False RoutingDegraded: front→back: Gateway works again/);
    await stage.becomes(/^True Gateway/, 15_000);
  });

  it('comes down when the definitions are removed at run time, and up when they are back', async () => {
    await routedByGateway(stage);
    const kinds = [GATEWAY, HTTPROUTE, GRPCROUTE, TCPROUTE];
    const gateway = stage.server.objects(GATEWAY)[0]!;
    const since = stage.nowMs();
    for (const kind of kinds) stage.server.faults.withdraw(kind);
    await stage.becomes(/^False RoutingDegraded: .*Gateway: (NoGatewayAPI|NoGateway)/);
    assert.ok(stage.nowMs() - since < 10_000);
    for (const kind of kinds) stage.server.faults.restore(kind);
    stage.server.put(GATEWAY, gateway);
    await stage.becomes(/^True Gateway/, 40_000);
  });

  it('sets right what somebody else changes, a few times, and then says so', async () => {
    await routedByGateway(stage);
    const spoil = (): void => {
      const route = stage.route()!;
      const [rule] = route.spec.rules;
      const backendRefs = rule!.backendRefs.map((ref) => ({ ...ref, weight: 1 }));
      stage.server.put<Route>(HTTPROUTE, { ...route, spec: { ...route.spec, rules: [{ backendRefs }] } });
    };
    for (let i = 0; i < 3; i++) {
      spoil();
      await stage.eventually(
        () => stage.weights()['north'] === 7_000,
        () => JSON.stringify(stage.weights()),
      );
    }
    spoil();
    await stage.becomes(/^False Contested: HTTPRoute app-front-to-back-immersive is changed again and again/);
    const before = stage.writes().length;
    await sleep(500);
    assert.equal(stage.writes().length, before, 'no thrash');
  });

  it('touches no Service of somebody else, and says whose name it needs', async () => {
    const theirs = { selector: { app: 'theirs' }, ports: [{ port: 1 }] };
    const metadata = { name: 'app-front-to-back-immersive', namespace: 'default' };
    stage.server.put<Service>(SERVICE, { metadata, spec: theirs });
    const dag = stage.dag();
    stage.plan(dag, { north: 1, south: 1 });
    stage.replica('north');
    stage.replica('south');
    await stage.becomes(/^False NameTaken: Service app-front-to-back-immersive is there already/);
    const found = stage.front();
    assert.deepEqual(found?.spec, theirs);
    assert.equal(found?.metadata.labels, undefined);
    assert.ok(
      !stage
        .writes()
        .some((write) => write.endsWith('/app-front-to-back-immersive') && write.includes('services')),
    );
  });

  it('merges the smallest groups when there are more than 16', async () => {
    const dag = stage.dag();
    const names = Array.from({ length: 20 }, (_, i) => `r${String(i).padStart(2, '0')}`);
    stage.plan(dag, Object.fromEntries(names.map((name, i) => [name, 100 - i])));
    for (const [i, name] of names.entries()) stage.replica(name, { index: i });
    await stage.becomes(/^True Gateway/);
    const weights = Object.values(stage.weights());
    assert.equal(weights.length, 16);
    assert.equal(
      weights.reduce((a, b) => a + b, 0),
      10_000,
    );
    const rest = stage.row()?.weights?.find(({ backend }) => backend === 'rest.');
    assert.ok(rest !== undefined && Math.abs((rest.desiredPpm ?? 0) - (rest.programmedPpm ?? 0)) < 100);
    const slice = stage.server.objects<KubeObject & { endpoints: object[] }>(ENDPOINTSLICE).find(({ metadata }) => metadata.name.startsWith('app-back-in-rest')); // prettier-ignore
    assert.equal(slice?.endpoints.length, 5);
  });

  it('leads a TCP edge through a listener of its own', async () => {
    const dag = stage.dag({ edges: [{ from: 'front', to: 'back', protocol: 'TCP' }] });
    stage.plan(dag, { north: 1, south: 1 });
    stage.replica('north');
    stage.replica('south');
    await stage.becomes(/^True Gateway/);
    assert.deepEqual(stage.weights(TCPROUTE), { north: 5_000, south: 5_000 });
    assert.match(JSON.stringify(stage.route(TCPROUTE)?.spec.parentRefs), /"sectionName":"tcp-1"/);
  });

  it('leaves nothing of its own behind', async () => {
    await routedByGateway(stage);
    const dag = stage.server.objects(SERVICEDAG)[0]!;
    stage.server.put(SERVICEDAG, {
      ...dag,
      metadata: { ...dag.metadata, finalizers: ['edgeloom.dev/test'] },
    });
    stage.server.remove(SERVICEDAG, 'default/app');
    await stage.eventually(
      () => [SERVICE, HTTPROUTE, ENDPOINTSLICE].every((kind) => stage.server.objects(kind).length === 0),
      () =>
        JSON.stringify([SERVICE, HTTPROUTE, ENDPOINTSLICE].map((kind) => stage.server.objects(kind).length)),
    );
    const deletes = stage.writes().filter((write) => write.startsWith('delete'));
    assert.match(deletes[0] ?? '', /httproutes/);
  });
});
