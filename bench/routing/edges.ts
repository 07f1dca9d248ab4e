import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deploymentPlanSpec } from '#crds/deploymentplan.ts';
import { LABELS } from '#crds/meta.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { startCluster } from '#hack/control-plane/cluster.ts';
import type { LocalCluster } from '#hack/control-plane/local-cluster.ts';
import { conditionOf, readDag, until } from '#hack/demo/observe.ts';
import { gatewayApiDefinitions } from '#hack/gateway-api/definitions.ts';
import { kubectl, startParts } from '#hack/parts.ts';
import { node, region } from '../../e2e/edgeloom.ts';
import { say } from '../cluster/load.ts';
import { figure } from '../report.ts';
import type { Figure } from '../report.ts';
import { answerRoutes } from './route-answers.ts';

/** ServiceDAGs of `EDGES` edges each; the figure's name is true of four. */
const DAGS = Number(process.env['DAGS'] ?? 4);
const EDGES = 250;
const SERVICES = 23;
const REGIONS = ['east', 'west'] as const;
const STEADY_MS = 20_000;
const CLUSTER_MS = 150_000;
const DAG_PATH = '/apis/edgeloom.dev/v1alpha1/namespaces/default';
const GATEWAY = '/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways';

const names = Array.from({ length: SERVICES }, (_, i) => `s${i}`);
const pairs = names.flatMap((from, i) => names.slice(i + 1).map((to) => ({ from, to }))).slice(0, EDGES);

const dagOf = (name: string): object => ({
  apiVersion: 'edgeloom.dev/v1alpha1',
  kind: 'ServiceDAG',
  metadata: { name, namespace: 'default' },
  spec: {
    routing: { mechanism: 'Gateway' },
    microservices: names.map((microservice) => ({
      name: microservice,
      replicas: { min: 2 },
      template: {
        spec: { containers: [{ name: 'main', image: 'demo:1', resources: { requests: { cpu: '10m', memory: '16Mi' } } }] }, // prettier-ignore
      },
    })),
    edges: pairs.map((pair) => ({ ...pair, payload: '1Ki' })),
  },
});

/** The plan of a DAG: replicas in both regions, calls 70 : 30, and `first` to the west on the first edge. */
async function plan(cluster: LocalCluster, name: string, window: number, first: number): Promise<void> {
  const { uid = '', generation = 1 } = (await readDag(cluster, 'default', name)).metadata;
  const spec = deploymentPlanSpec.parse({
    dag: { name, uid, generation },
    window,
    source: 'Search',
    regions: REGIONS.map((where, replica) => ({
      region: where,
      assignments: names.map((microservice) => ({
        microservice,
        replica,
        ranked: [{ node: `${where}-1`, sharePpm: 1_000_000 }],
      })),
    })),
    routes: pairs.map((pair, i) => {
      const west = i === 0 ? first : 300_000;
      const path = (to: string, weightPpm: number): object => ({
        via: to === 'east' ? ['east-1'] : ['east-1', 'west-1'],
        fromRegion: 'east',
        toRegion: to,
        weightPpm,
      });
      return { ...pair, slice: 'massive', paths: [path('east', 1_000_000 - west), path('west', west)] };
    }),
  });
  const owner = { apiVersion: 'edgeloom.dev/v1alpha1', kind: 'ServiceDAG', name, uid, controller: true, blockOwnerDeletion: true }; // prettier-ignore
  const metadata = { name: `${name}-${window}`, labels: { [LABELS.dag]: name }, ownerReferences: [owner] };
  const head = { apiVersion: 'edgeloom.dev/v1alpha1', kind: 'DeploymentPlan' };
  await cluster.api.create(`${DAG_PATH}/deploymentplans`, { ...head, metadata, spec });
}

/** Writes of the operator in the audit log from byte `from` on, by kind; the heartbeat of its lease and events apart. */
function writes(
  cluster: LocalCluster,
  from: number,
): { readonly list: readonly string[]; readonly end: number } {
  const log = readFileSync(join(cluster.directory, 'logs/audit.log'));
  const list = log
    .subarray(from)
    .toString()
    .split('\n')
    .filter((line) => line.includes('edgeloom-system:edgeloom-operator') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as { verb: string; requestURI: string; stage: string })
    .filter(({ verb }) => !['get', 'list', 'watch'].includes(verb))
    .map(({ verb, requestURI }) => `${verb} ${requestURI.split('?')[0]}`)
    .filter((write) => !/\/(leases|events)/.test(write));
  return { list, end: log.length };
}

/** Waits until every edge of every DAG goes by the Gateway. */
const routed = (cluster: LocalCluster): Promise<true> => {
  let last = '';
  return until(
    '1,000 edges go by the Gateway',
    CLUSTER_MS,
    async () => {
      const { items } = await cluster.api.get<{ items: ServiceDAG[] }>(`${DAG_PATH}/servicedags`);
      const conditions = items.map((dag) => conditionOf(dag, 'Routed'));
      last = conditions.map(({ status, reason, message }) => `${status} ${reason}: ${message}`).join('; ');
      await sleep(200);
      return conditions.every(({ status, reason, message }) => status === 'True' && reason === 'Gateway' && message.startsWith(`${EDGES} edges`)) // prettier-ignore
        ? true
        : undefined;
    },
    () => last,
  );
};

/** 1,000 routed edges on a real API server: what one change costs, what none costs, and how long everything takes to be written anew. */
export async function edgeFigures(): Promise<Figure[]> {
  const cluster = await startCluster({
    name: `bench-edges-${process.pid}`,
    nodes: REGIONS.map((where) => node(`${where}-1`, where, 16)),
    audit: true,
  });
  const stop = new AbortController();
  let answering: Promise<void> | undefined;
  try {
    const parts = await startParts(cluster);
    await parts.kill('planner');
    kubectl(cluster, 'apply', '--server-side', '-f', gatewayApiDefinitions());
    kubectl(cluster, 'wait', '--for=condition=Established', '--timeout=20s', 'crd', '--all');
    const metadata = { name: 'east-west', labels: { 'edgeloom.dev/east-west': 'true' } };
    const listeners = [{ name: 'web', port: 8080, protocol: 'HTTP' }];
    const head = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway' };
    await cluster.api.create(GATEWAY, { ...head, metadata, spec: { gatewayClassName: 'bench', listeners } });
    const status = { addresses: [{ type: 'IPAddress', value: '10.77.0.1' }] };
    await cluster.api.send(
      'PATCH',
      `${GATEWAY}/east-west/status`,
      { status },
      'application/merge-patch+json',
    );
    answering = answerRoutes(cluster, stop.signal);
    for (const one of [region('east', 'west'), region('west')])
      await cluster.api.create('/apis/edgeloom.dev/v1alpha1/edgeregions', one);
    const dags = Array.from({ length: DAGS }, (_, i) => `app-${i}`);
    let since = performance.now();
    for (const name of dags) {
      await cluster.api.create(`${DAG_PATH}/servicedags`, dagOf(name));
      await plan(cluster, name, 1, 300_000);
    }
    await routed(cluster);
    const firstMs = performance.now() - since;
    await sleep(8_000);
    let { end } = writes(cluster, 0);
    await sleep(STEADY_MS);
    const steady = writes(cluster, end);
    for (const write of steady.list.slice(0, 5)) say(`steady state wrote: ${write}`);
    await plan(cluster, 'app-0', 2, 600_000);
    await sleep(8_000);
    const one = writes(cluster, steady.end);
    for (const write of one.list) say(`one changed edge wrote: ${write}`);
    const isRouting = (write: string): boolean => /httproutes|services|endpointslices/.test(write);
    // The operator is away while all of its routes are lost: it has to notice, and to write each of them.
    await parts.kill('operator');
    kubectl(cluster, 'delete', 'httproutes', '--all', '--wait=false');
    ({ end } = writes(cluster, 0));
    since = performance.now();
    await parts.start('operator');
    await until('every route is there again', CLUSTER_MS, async () => {
      await sleep(200);
      return writes(cluster, end).list.filter((w) => w.includes('/httproutes/')).length >= DAGS * EDGES ? true : undefined; // prettier-ignore
    });
    const resyncMs = performance.now() - since;
    await routed(cluster);
    await parts.stop();
    return [
      figure('routing.edges1000.first', firstMs / 1000, 's', '', 1),
      figure('routing.edges1000.steady.writes', steady.list.length, `writes/${STEADY_MS / 1000}s`, '<= 0', 1),
      figure('routing.edges1000.change.routing.writes', one.list.filter(isRouting).length, 'writes', '<= 1', 1), // prettier-ignore
      figure('routing.edges1000.change.writes', one.list.length, 'writes', '<= 10', 1),
      figure('routing.edges1000.resync', resyncMs / 1000, 's', '<= 30', 1),
    ];
  } finally {
    stop.abort();
    await answering?.catch(() => undefined);
    await cluster.stop();
  }
}
