/**
 * `make demo-routing`: one application in three regions, its calls split by Envoy Gateway and a stock Envoy beside the local cluster. A
 * way grows slow, the plan shifts the calls, and the measured latency falls. Runs in network and mount namespaces of its own.
 */
import { spawnSync } from 'node:child_process';
import { deploymentPlanSpec } from '#crds/deploymentplan.ts';
import type { KubePod } from '#crds/node.ts';
import { LABELS } from '#crds/meta.ts';
import { gatewayApiDefinitions } from '../gateway-api/definitions.ts';
import { ensureServers } from '../control-plane/build.ts';
import { startCluster } from '../control-plane/cluster.ts';
import type { LocalCluster } from '../control-plane/cluster.ts';
import { conditionOf, podsOf, readDag, until } from '../demo/observe.ts';
import { startParts } from '../parts.ts';
import { ensureDataPlane } from './binaries.ts';
import { EchoServers } from './echo.ts';
import { GatewayBeside } from './gateway.ts';
import { chiSquare, load } from './load.ts';

const REGIONS = ['near', 'mid', 'far'] as const;
// Envoy Gateway itself takes 8080 and 8081 on every address.
const PORT = 8180;
const FRONT = 'shop-front-to-back-massive';
/** Requests of one measurement, and measurements of one phase. */
const REQUESTS = Number(process.env['REQUESTS'] ?? 10_000);
const RUNS = Number(process.env['RUNS'] ?? 3);

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const seconds = (sinceMs: number): string => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;

/** Everything the story does must not touch the machine's network: it starts itself again in namespaces of its own. */
function enterNamespaces(): void {
  const again = [process.execPath, ...process.execArgv, import.meta.filename];
  const script =
    'ip link set lo up && ip addr add 192.0.2.1/32 dev lo && ip route add default dev lo src 192.0.2.1; exec "$@"';
  const done = spawnSync(
    'unshare',
    ['--user', '--map-root-user', '--net', '--mount', '/bin/sh', '-c', script, 'story', ...again],
    {
      stdio: 'inherit',
      env: { ...process.env, IN_NAMESPACE: 'yes' },
    },
  );
  process.exitCode = done.status ?? 1;
}

const node = (region: string): object => {
  const amounts = { cpu: '8', memory: '16Gi', pods: '110' };
  const labels = { 'kubernetes.io/hostname': `${region}-1`, [LABELS.region]: region };
  return {
    metadata: { name: `${region}-1`, labels, annotations: {} },
    status: { capacity: amounts, allocatable: amounts },
  };
};
const region = (name: string): object => ({
  apiVersion: 'edgeloom.dev/v1alpha1',
  kind: 'EdgeRegion',
  metadata: { name },
  spec: {
    nodeSelector: { matchLabels: { [LABELS.region]: name } },
    topology: {
      attachment: { latency: '200us', bandwidth: '10G' },
      links: name === 'near' ? [] : [{ from: 'near', to: name, latency: '1ms', bandwidth: '10G' }],
    },
  },
});
const containers = [
  { name: 'main', image: 'demo:1', resources: { requests: { cpu: '100m', memory: '64Mi' } } },
];
const shop = {
  apiVersion: 'edgeloom.dev/v1alpha1',
  kind: 'ServiceDAG',
  metadata: { name: 'shop', namespace: 'default' },
  spec: {
    microservices: [
      { name: 'front', template: { spec: { containers } } },
      { name: 'back', port: PORT, replicas: { min: 3 }, template: { spec: { containers } } },
    ],
    edges: [{ from: 'front', to: 'back', payload: '1Ki' }],
  },
};

async function post(cluster: LocalCluster, path: string, object: object): Promise<void> {
  await cluster.api.create(path, object);
}

/** Plan `window`: a replica of back in each region, calls in these shares. The story plays the planner, so that the shares are known. */
async function plan(
  cluster: LocalCluster,
  window: number,
  shares: ReadonlyMap<string, number>,
): Promise<void> {
  const { metadata } = await readDag(cluster, 'default', 'shop');
  const { uid = '', generation = 1 } = metadata;
  const at = (microservice: string, replica: number, where: string): object => ({
    microservice,
    replica,
    ranked: [{ node: `${where}-1`, sharePpm: 1_000_000 }],
  });
  const total = [...shares.values()].reduce((a, b) => a + b, 0);
  const spec = deploymentPlanSpec.parse({
    dag: { name: 'shop', uid, generation },
    window,
    source: 'Search',
    regions: REGIONS.map((name, i) => ({
      region: name,
      assignments: [...(name === 'near' ? [at('front', 0, name)] : []), at('back', i, name)],
    })),
    routes: [
      {
        from: 'front',
        to: 'back',
        slice: 'massive',
        paths: [...shares]
          .filter(([, share]) => share > 0)
          .map(([to, share]) => ({
            via: ['near-1', `${to}-1`],
            fromRegion: 'near',
            toRegion: to,
            weightPpm: Math.round((share / total) * 1_000_000),
          })),
      },
    ],
  });
  await post(cluster, '/apis/edgeloom.dev/v1alpha1/namespaces/default/deploymentplans', {
    apiVersion: 'edgeloom.dev/v1alpha1',
    kind: 'DeploymentPlan',
    metadata: {
      name: `shop-${window}`,
      labels: { [LABELS.dag]: 'shop' },
      ownerReferences: [
        {
          apiVersion: 'edgeloom.dev/v1alpha1',
          kind: 'ServiceDAG',
          name: 'shop',
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec,
  });
}

/** Shares that status says are programmed, once they are what is wanted and every step on the way is over. */
function programmed(
  cluster: LocalCluster,
  shares: ReadonlyMap<string, number>,
): Promise<Map<string, number>> {
  let last = '';
  return until(
    'the weights are programmed',
    60_000,
    async () => {
      const dag = await readDag(cluster, 'default', 'shop');
      const [edge] = dag.status?.edges ?? [];
      const routed = conditionOf(dag, 'Routed');
      last = `${routed.status} ${routed.reason}: ${routed.message} ${JSON.stringify(edge)}`;
      const weights = new Map(
        (edge?.weights ?? []).map(({ backend, programmedPpm = 0 }) => [backend, programmedPpm]),
      );
      const total = [...shares.values()].reduce((a, b) => a + b, 0);
      const done = REGIONS.every((name) => {
        const [is, wanted] = [weights.get(name) ?? 0, ((shares.get(name) ?? 0) / total) * 1e6];
        return wanted === 0 ? is === 0 : Math.abs(is - wanted) <= 100;
      });
      return done && edge?.mechanism === 'Gateway' ? weights : undefined;
    },
    () => last,
  );
}

interface Endpoints {
  readonly items: readonly {
    readonly ports: readonly { readonly port: number }[];
    readonly endpoints: readonly { readonly addresses: readonly string[] }[];
  }[];
}

/** An address on which the story's own loopback takes connections. */
const own = (address: string): void => {
  spawnSync('ip', ['addr', 'add', `${address}/32`, 'dev', 'lo']);
};

interface Phase {
  readonly name: string;
  readonly wanted: ReadonlyMap<string, number>;
}

async function story(): Promise<void> {
  const since = performance.now();
  const programs = ensureDataPlane(say);
  const cluster = await startCluster({
    name: `routing-demo-${process.pid}`,
    nodes: REGIONS.map(node) as never,
  });
  const gateway = new GatewayBeside(cluster, programs);
  const echoes = new EchoServers();
  const parts = await startParts(cluster);
  try {
    await parts.kill('planner');
    await gateway.start();
    for (const name of REGIONS) await post(cluster, '/apis/edgeloom.dev/v1alpha1/edgeregions', region(name));
    await post(cluster, '/apis/edgeloom.dev/v1alpha1/namespaces/default/servicedags', shop);
    const before = new Map([['near', 70], ['mid', 20], ['far', 10]]); // prettier-ignore
    const after = new Map([['near', 75], ['mid', 25], ['far', 0]]); // prettier-ignore
    await plan(cluster, 1, before);
    const pods = await until('every replica is ready', 60_000, async () => {
      const found = await podsOf(cluster, 'default', `${LABELS.dag}=shop,${LABELS.microservice}=back`);
      const ready = (pod: KubePod): boolean =>
        pod.status?.podIP !== undefined && pod.status.phase === 'Running';
      return found.length === REGIONS.length && found.every(ready) ? found : undefined;
    });
    for (const pod of pods) {
      own(pod.status?.podIP ?? '');
      await echoes.open(pod.metadata.labels?.[LABELS.region] ?? '', pod.status?.podIP ?? '', PORT);
    }
    await gateway.startEnvoy();
    await programmed(cluster, before);
    // Where kube-proxy would send a caller of the front Service: the slice that routing wrote.
    const slice = await until('the front leads to the Gateway', 20_000, async () => {
      const path = `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name%3D${FRONT}`;
      return (await cluster.api.get<Endpoints>(path)).items[0];
    });
    const address = slice.endpoints[0]?.addresses[0] ?? '';
    own(address);
    const origin = `http://${address}:${slice.ports[0]?.port}`;
    say(`ready after ${seconds(since)}: callers of ${FRONT} are led to ${origin}, a stock Envoy`);
    await load(origin, `${FRONT}.default.svc`, { requests: 500 });
    const rows: string[][] = [];
    const measure = async ({ name, wanted }: Phase): Promise<void> => {
      for (let run = 1; run <= RUNS; run++) {
        const start = await gateway.counters();
        const seen = await load(origin, `${FRONT}.default.svc`, { requests: REQUESTS });
        const end = await gateway.counters();
        const counted = new Map(
          REGIONS.map((r) => {
            const key = `shop-back-in-${r}`;
            return [r, Math.max(0, (end.get(key) ?? 0) - (start.get(key) ?? 0))];
          }),
        );
        const chi = chiSquare(seen.byRegion, new Map([...wanted].filter(([, share]) => share > 0)));
        rows.push([
          run === 1 ? name : '',
          [...wanted.values()].join('/'),
          REGIONS.map((r) => counted.get(r)).join('/'),
          String(seen.errors),
          chi.toFixed(2),
          seen.p50Ms.toFixed(1),
          seen.p95Ms.toFixed(1),
        ]);
      }
    };
    for (const [name, ms] of [
      ['near', 2],
      ['mid', 5],
      ['far', 8],
    ] as const)
      echoes.delays.set(name, ms);
    await measure({ name: 'as planned', wanted: before });
    echoes.delays.set('far', 60);
    await measure({ name: 'way to far slow', wanted: before });
    const shift = performance.now();
    await plan(cluster, 2, after);
    const moving = load(origin, `${FRONT}.default.svc`, { requests: REQUESTS });
    await programmed(cluster, after);
    const took = seconds(shift);
    const { errors } = await moving;
    await measure({ name: 'calls shifted', wanted: after });
    const head = ['phase', 'wanted', 'measured by Envoy', 'errors', 'chi2', 'p50 ms', 'p95 ms'];
    const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
    for (const row of [head, ...rows]) say(row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '));
    say(
      `the shift took ${took} (a backend leaves through weight 1), with ${errors} errors in ${REQUESTS} requests meanwhile`,
    );
    say(`chi2 has 2 degrees of freedom (1 once far has no share): above 9.21 (6.63) in one run of a hundred`);
  } finally {
    echoes.close();
    await gateway.stop();
    await parts.stop();
    await cluster.stop();
  }
}

if (process.env['IN_NAMESPACE'] === 'yes') await story();
else {
  // There is no network inside: everything is fetched and built before.
  ensureDataPlane(say);
  gatewayApiDefinitions();
  await ensureServers(say);
  enterNamespaces();
}
