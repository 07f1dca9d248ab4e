import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deploymentPlanSpec } from '#crds/deploymentplan.ts';
import { LABELS } from '#crds/meta.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { until } from '#hack/demo/observe.ts';
import { gatewayApiDefinitions } from '#hack/gateway-api/definitions.ts';
import { Edgeloom, node, region } from './edgeloom.ts';

const CALICO = resolve(
  process.env['EDGELOOM_CALICO_CRDS'] ?? join(import.meta.dirname, '../../shared/crds/calico'),
);
const GROUP = '/apis/gateway.networking.k8s.io/v1';
const ROUTES = ['httproutes', 'grpcroutes', 'tcproutes'] as const;

interface Route {
  readonly metadata: { readonly name: string; readonly generation: number; readonly resourceVersion: string };
  readonly spec: {
    readonly parentRefs: readonly { readonly kind: string }[];
    readonly rules: readonly { readonly backendRefs: readonly { readonly weight: number }[] }[];
  };
  readonly status?: object;
}

/** `front` calls one microservice by each protocol that has routes; `back` is too big for two replicas in one region. */
function shop(): object {
  const containers = (cpu: string): object[] => [
    { name: 'main', image: 'demo:1', resources: { requests: { cpu, memory: '64Mi' } } },
  ];
  const callees = ['http', 'grpc', 'tcp'];
  return {
    apiVersion: 'edgeloom.dev/v1alpha1',
    kind: 'ServiceDAG',
    metadata: { name: 'shop', namespace: 'default' },
    spec: {
      ingress: [{ region: 'east', requestsPerSecond: '10' }],
      microservices: [
        { name: 'front', work: '1M', template: { spec: { containers: containers('100m') } } },
        ...callees.map((name) => ({
          name,
          work: '1M',
          replicas: { min: 2 },
          template: { spec: { containers: containers('2100m') } },
        })),
      ],
      edges: callees.map((to) => ({ from: 'front', to, payload: '1Ki', protocol: to.toUpperCase() })),
    },
  };
}

/** A plan with `front` in the east and callees in both regions, calls 70 : 30: the story plays the planner, so that shares are known. */
function planOf(dag: string, uid: string, callees: readonly string[], both: boolean): object {
  const regions = both ? ['east', 'west'] : ['east'];
  const at = (microservice: string, replica: number, where: string): object => ({
    microservice,
    replica,
    ranked: [{ node: `${where}-1`, sharePpm: 1_000_000 }],
  });
  const path = (to: string): object => ({
    via: to === 'east' ? ['east-1'] : ['east-1', 'west-1'],
    fromRegion: 'east',
    toRegion: to,
    weightPpm: both ? (to === 'east' ? 700_000 : 300_000) : 1_000_000,
  });
  const spec = deploymentPlanSpec.parse({
    dag: { name: dag, uid, generation: 1 },
    window: 1,
    source: 'Search',
    regions: regions.map((where, i) => ({
      region: where,
      assignments: [
        ...(where === 'east' ? [at('front', 0, where)] : []),
        ...callees.map((c) => at(c, i, where)),
      ],
    })),
    routes: callees.map((to) => ({ from: 'front', to, slice: 'massive', paths: regions.map(path) })),
  });
  const owner = { apiVersion: 'edgeloom.dev/v1alpha1', kind: 'ServiceDAG', name: dag, uid, controller: true, blockOwnerDeletion: true }; // prettier-ignore
  const metadata = {
    name: `${dag}-1`,
    namespace: 'default',
    labels: { [LABELS.dag]: dag },
    ownerReferences: [owner],
  };
  return { apiVersion: 'edgeloom.dev/v1alpha1', kind: 'DeploymentPlan', metadata, spec };
}

describe('routing on a real cluster', () => {
  let edgeloom: Edgeloom;
  let answer: 'True' | 'False' = 'True';
  const stop = new AbortController();
  let ended: Promise<void>;

  /** The part of a Gateway controller: it gives the Gateway an address, and answers every route that refers to it. */
  async function controller(): Promise<void> {
    const { api } = edgeloom.cluster;
    while (!stop.signal.aborted) {
      for (const plural of ROUTES) {
        const { body } = await api.send<{ items?: Route[] }>('GET', `${GROUP}/${plural}`);
        for (const { metadata, spec, status } of body.items ?? []) {
          const parentRef = spec.parentRefs.find(({ kind }) => kind === 'Gateway');
          if (parentRef === undefined) continue;
          const conditions = (['Accepted', 'ResolvedRefs'] as const).map((type) => ({
            type,
            status: type === 'Accepted' ? answer : 'True',
            reason: 'Told',
            message: 'by the story',
            observedGeneration: metadata.generation,
            lastTransitionTime: '2026-01-01T00:00:00Z',
          }));
          const next = { parents: [{ parentRef, controllerName: 'edgeloom.dev/story', conditions }] };
          if (JSON.stringify(status) === JSON.stringify(next)) continue;
          const path = `${GROUP}/namespaces/default/${plural}/${metadata.name}/status`;
          await api.send('PATCH', path, { status: next }, 'application/merge-patch+json');
        }
      }
      await sleep(50);
    }
  }

  const dag = (): Promise<ServiceDAG> => edgeloom.dag('shop');
  const gateway = (): object => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'east-west', namespace: 'default', labels: { 'edgeloom.dev/east-west': 'true' } },
    spec: {
      gatewayClassName: 'story',
      listeners: [
        { name: 'web', port: 8080, protocol: 'HTTP' },
        { name: 'tcp-1', port: 9001, protocol: 'TCP' },
      ],
    },
  });
  const open = async (): Promise<void> => {
    edgeloom.kubectl('apply', '--server-side', '-f', gatewayApiDefinitions());
    edgeloom.kubectl(
      'wait',
      '--for=condition=Established',
      '--timeout=20s',
      'crd',
      'tcproutes.gateway.networking.k8s.io',
    );
    await edgeloom.apply(gateway());
    const status = { addresses: [{ type: 'IPAddress', value: '10.77.0.1' }] };
    const path = `${GROUP}/namespaces/default/gateways/east-west/status`;
    await edgeloom.cluster.api.send('PATCH', path, { status }, 'application/merge-patch+json');
  };

  before(async () => {
    const cpu = 8;
    edgeloom = await Edgeloom.start('routing', {
      nodes: [node('east-1', 'east', cpu), node('west-1', 'west', cpu)],
    });
    await edgeloom.parts.kill('planner');
    await edgeloom.apply(region('east', 'west'), region('west'));
    await open();
    ended = controller();
  });
  after(async () => {
    stop.abort();
    await ended;
    await edgeloom.stop();
  });

  it('splits HTTP, GRPC and TCP calls over two regions by routes that the API server takes', async () => {
    await edgeloom.apply(shop());
    await edgeloom.apply(planOf('shop', (await dag()).metadata.uid ?? '', ['http', 'grpc', 'tcp'], true));
    await edgeloom.condition('shop', 'Ready', 'True');
    await until('every edge goes by the Gateway', 20_000, async () => {
      const { reason } = await edgeloom.condition('shop', 'Routed', 'True');
      const { status } = await dag();
      const exact = status?.edges?.every(({ maxErrorPpm = Infinity }) => maxErrorPpm <= 100);
      return reason === 'Gateway' && exact === true ? true : undefined;
    });
    const { status } = await dag();
    assert.equal(status?.edges?.length, 3);
    for (const { mechanism, weights = [], maxErrorPpm } of status?.edges ?? []) {
      assert.equal(mechanism, 'Gateway');
      assert.equal(
        weights.reduce((sum, { programmedPpm = 0 }) => sum + programmedPpm, 0),
        1_000_000,
      );
      assert.ok((maxErrorPpm ?? Infinity) <= 100);
    }
    for (const plural of ROUTES) {
      const { items } = await edgeloom.cluster.api.get<{ items: Route[] }>(`${GROUP}/${plural}`);
      const [rule] = items[0]?.spec.rules ?? [];
      assert.equal(
        rule?.backendRefs.reduce((sum, { weight }) => sum + weight, 0),
        10_000,
        plural,
      );
    }
  });

  it('leads the front Service to the Gateway alone, though the control plane had filled it before', async () => {
    await until('only our slice is behind the front', 20_000, async () => {
      const found = edgeloom.kubectl(
        'get',
        'endpointslices',
        '-l',
        'kubernetes.io/service-name=shop-front-to-http-massive',
        '-o',
        'jsonpath={range .items[*]}{.metadata.labels.endpointslice\\.kubernetes\\.io/managed-by}={.endpoints[*].addresses}{";"}{end}',
      );
      return found === 'edgeloom=["10.77.0.1"];' ? true : undefined;
    });
    const pods = await edgeloom.pods('shop');
    const caller = pods.find(({ metadata }) => metadata.name.startsWith('shop-front'));
    assert.match(
      JSON.stringify(caller?.spec.containers),
      /DAG_UPSTREAM_HTTP","value":"shop-front-to-http-massive.default.svc:8080"/,
    );
  });

  it('costs no write once it is settled', async () => {
    const versions = (): string =>
      edgeloom.kubectl(
        'get',
        'sdag,svc,endpointslices,httproutes,grpcroutes,tcproutes',
        '-A',
        '-o',
        'jsonpath={range .items[*]}{.kind}/{.metadata.name}={.metadata.resourceVersion}{"\\n"}{end}',
      );
    await sleep(2_000);
    const before = versions();
    await sleep(4_000);
    assert.equal(versions(), before);
  });

  it('sets right once what somebody else changes in a route of ours', async () => {
    const path = `${GROUP}/namespaces/default/httproutes/shop-front-to-http-massive`;
    const route = await edgeloom.cluster.api.get<Route>(path);
    const [rule] = route.spec.rules;
    const rules = [{ backendRefs: rule?.backendRefs.map((ref) => ({ ...ref, weight: 7 })) }];
    await edgeloom.cluster.api.send(
      'PATCH',
      `${path}?fieldManager=somebody`,
      { spec: { rules } },
      'application/merge-patch+json',
    );
    const restored = await until('the weights are ours again', 10_000, async () => {
      const now = await edgeloom.cluster.api.get<Route>(path);
      return now.spec.rules[0]?.backendRefs[0]?.weight === rule?.backendRefs[0]?.weight ? now : undefined;
    });
    assert.equal(restored.metadata.generation, route.metadata.generation + 2);
    await sleep(2_000);
    const { metadata } = await edgeloom.cluster.api.get<Route>(path);
    assert.equal(metadata.generation, restored.metadata.generation);
    await edgeloom.condition('shop', 'Routed', 'True');
  });

  it('leaves a Service of the same name to whoever made it, and says so', async () => {
    const name = 'kiosk-front-to-http-massive';
    const spec = { selector: { app: 'theirs' }, ports: [{ port: 1 }] };
    await edgeloom.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'default' },
      spec,
    });
    const version = (): string =>
      edgeloom.kubectl('get', 'service', name, '-o', 'jsonpath={.metadata.resourceVersion}');
    const before = version();
    const dag = shop() as { metadata: object; spec: { microservices: object[]; edges: object[] } };
    const [front = {}] = dag.spec.microservices;
    const microservices = [front, { ...front, name: 'http' }];
    const edges = dag.spec.edges.slice(0, 1);
    await edgeloom.apply({
      ...dag,
      metadata: { ...dag.metadata, name: 'kiosk' },
      spec: { ...dag.spec, microservices, edges },
    });
    const { uid = '' } = (await edgeloom.dag('kiosk')).metadata;
    await edgeloom.apply(planOf('kiosk', uid, ['http'], false));
    const { message } = await until('the name is taken', 20_000, async () => {
      const routed = await edgeloom.condition('kiosk', 'Routed', 'False');
      return routed.reason === 'NameTaken' ? routed : undefined;
    });
    assert.match(message, new RegExp(`Service ${name} is there already`));
    assert.equal(version(), before);
    await edgeloom.remove('kiosk');
    edgeloom.kubectl('delete', 'service', name);
  });

  it('comes down in less than 10 s when the Gateway rejects, and says so', async () => {
    const since = performance.now();
    answer = 'False';
    const { reason, message } = await edgeloom.condition('shop', 'Routed', 'False');
    assert.ok(performance.now() - since < 10_000);
    assert.equal(reason, 'RoutingDegraded');
    assert.match(message, /front→\w+: Gateway: Told: by the story; calls go by EndpointSubset/);
    await until('the front leads to replicas', 10_000, async () => {
      const found = edgeloom.kubectl(
        'get',
        'endpointslice',
        'shop-front-to-http-massive-ipv4',
        '-o',
        'jsonpath={.endpoints[*].targetRef.kind}',
      );
      return found === 'Pod Pod' ? true : undefined;
    });
    answer = 'True';
    await edgeloom.condition('shop', 'Routed', 'True');
  });

  it('comes down when the definitions are removed, and up when they are back', async () => {
    const since = performance.now();
    edgeloom.kubectl('delete', '--wait=false', '-f', gatewayApiDefinitions());
    const { reason } = await edgeloom.condition('shop', 'Routed', 'False');
    assert.ok(performance.now() - since < 10_000);
    assert.equal(reason, 'RoutingDegraded');
    await until('the definitions are gone', 20_000, async () =>
      edgeloom.kubectl('get', 'crd', '-o', 'name').includes('httproutes') ? undefined : true,
    );
    await open();
    await edgeloom.condition('shop', 'Routed', 'True', 60_000);
  });

  it('gives each region its addresses in Calico, ranks routes where they are plain, and keeps slices apart', async () => {
    if (!existsSync(CALICO)) {
      process.stdout.write(
        `      no Calico definitions in ${CALICO}: set EDGELOOM_CALICO_CRDS to check against them\n`,
      );
      return;
    }
    const networked = async (name: string): Promise<string> => {
      const found = (await edgeloom.region(name)).status?.conditions?.find(
        ({ type }) => type === 'Networked',
      );
      return `${found?.status} ${found?.reason} ${found?.message}`;
    };
    const says = (name: string, pattern: RegExp): Promise<true> => {
      let last = '';
      return until(`${name} says ${pattern}`, 45_000, async () => (pattern.test((last = await networked(name))) ? true : undefined), () => last); // prettier-ignore
    };
    const pooled = (name: string, cidr: string, neighbour?: string): object => {
      const { spec, ...rest } = region(name, neighbour) as { spec: object };
      return { ...rest, spec: { ...spec, pool: { cidr } } };
    };
    await edgeloom.apply(pooled('west', '10.42.32.0/20'));
    await says('west', /^False NoCalico/);
    edgeloom.kubectl('apply', '--server-side', '-f', CALICO);
    edgeloom.kubectl(
      'wait',
      '--for=condition=Established',
      '--timeout=20s',
      'crd',
      'bgpfilters.projectcalico.org',
    );
    await edgeloom.apply(pooled('east', '10.42.16.0/20', 'west'));
    await says('east', /^True PoolAndRanks/);
    const filter = edgeloom.kubectl(
      'get',
      'bgpfilters.projectcalico.org',
      'edgeloom-east',
      '-o',
      'jsonpath={.spec.importV4[0]}',
    );
    assert.match(filter, /"cidr":"10.42.32.0\/20".*"value":1024/);
    const pool = edgeloom.kubectl(
      'get',
      'ippools.projectcalico.org',
      'edgeloom-east',
      '-o',
      'jsonpath={.spec.nodeSelector}',
    );
    assert.equal(pool, 'edgeloom.dev/region == "east"');
    await until('the slices are kept apart', 20_000, async () =>
      edgeloom.kubectl('get', 'networkpolicies.projectcalico.org', '-o', 'name').includes('edgeloom-shop')
        ? true
        : undefined,
    );
    await edgeloom.apply(pooled('west', '10.42.16.0/24'));
    await says('west', /^False PoolOverlap/);
  });

  it('leaves nothing behind', async () => {
    await edgeloom.remove('shop');
    await until('everything of it is gone', 30_000, async () => {
      const kinds = 'svc,endpointslices,httproutes,grpcroutes,tcproutes';
      const left = edgeloom.kubectl('get', kinds, '-l', 'edgeloom.dev/dag=shop', '-o', 'name');
      return left.trim() === '' ? true : undefined;
    });
  });
});
