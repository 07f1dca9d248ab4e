import { deploymentPlanSpec } from '#crds/deploymentplan.ts';
import { LABELS } from '#crds/meta.ts';
import type { LocalCluster } from '../control-plane/local-cluster.ts';
import { readDag } from '../demo/observe.ts';

/** Regions of the story, nearest first. */
export const REGIONS = ['near', 'mid', 'far'] as const;
/** Port of every replica: Envoy Gateway itself takes 8080 and 8081 on every address. */
export const PORT = 8180;

const API = '/apis/edgeloom.dev/v1alpha1';

/** Shares of calls by region of the callee. */
export type Shares = Readonly<Partial<Record<(typeof REGIONS)[number], number>>>;

/** One application: `front` calls a microservice for each protocol, with a replica in each region. */
export interface App {
  readonly name: string;
  readonly mechanism: 'Gateway' | 'Xds';
  readonly protocols: readonly ('HTTP' | 'GRPC' | 'TCP')[];
  /** Regions with a replica of `front`. */
  readonly callers: readonly string[];
  /** Requests a second that enter near. The callee's work is such that one replica near takes 1,000, and no node has room for two of them. */
  readonly requestsPerSecond?: number;
}

/** Name of the Service that `front` dials. */
export const frontOf = (app: App, protocol: string): string =>
  `${app.name}-front-to-${protocol.toLowerCase()}-massive`;

/** Declared latency of the link from near. */
const LATENCY: Readonly<Record<string, string>> = { mid: '4ms', far: '6ms' };

/** The EdgeRegion of the story's region; every node is one hop from the near one. */
export const region = (name: string): object => ({
  apiVersion: 'edgeloom.dev/v1alpha1',
  kind: 'EdgeRegion',
  metadata: { name },
  spec: {
    nodeSelector: { matchLabels: { [LABELS.region]: name } },
    topology: {
      attachment: { latency: '200us', bandwidth: '10G' },
      links: name === 'near' ? [] : [{ from: 'near', to: name, latency: LATENCY[name], bandwidth: '10G' }],
    },
  },
});

/** The ServiceDAG of an application. */
export function dagOf({ name, mechanism, protocols, callers, requestsPerSecond }: App): object {
  const template = (cpu: string): object => ({
    spec: {
      containers: [{ name: 'main', image: 'demo:1', resources: { requests: { cpu, memory: '64Mi' } } }],
    },
  });
  const loaded = requestsPerSecond !== undefined;
  return {
    apiVersion: 'edgeloom.dev/v1alpha1',
    kind: 'ServiceDAG',
    metadata: { name, namespace: 'default' },
    spec: {
      routing: { mechanism },
      ...(loaded ? { ingress: [{ region: 'near', requestsPerSecond: `${requestsPerSecond}` }] } : {}),
      microservices: [
        { name: 'front', replicas: { min: callers.length }, template: template('100m') },
        ...protocols.map((p) => ({
          name: p.toLowerCase(),
          port: PORT,
          ...(loaded ? { work: '15M' } : {}),
          replicas: { min: 3 },
          template: template(loaded ? '5' : '100m'),
        })),
      ],
      edges: protocols.map((protocol) => ({
        from: 'front',
        to: protocol.toLowerCase(),
        payload: '1Ki',
        protocol,
      })),
    },
  };
}

/** Creates a DAG's plan number `window`: callers of each region call in these shares. The story plays the planner. */
export async function plan(
  cluster: LocalCluster,
  app: App,
  window: number,
  shares: Readonly<Record<string, Shares>>,
): Promise<void> {
  const { uid = '', generation = 1 } = (await readDag(cluster, 'default', app.name)).metadata;
  const at = (microservice: string, replica: number, where: string): object => ({
    microservice,
    replica,
    ranked: [{ node: `${where}-1`, sharePpm: 1_000_000 }],
  });
  const callees = app.protocols.map((p) => p.toLowerCase());
  const total = Object.values(shares)
    .flatMap((of) => Object.values(of))
    .reduce((a, b) => a + b, 0);
  const paths = Object.entries(shares).flatMap(([from, of]) =>
    Object.entries(of)
      .filter(([, share]) => share > 0)
      .map(([to, share]) => ({
        via: from === to ? [`${from}-1`] : [`${from}-1`, `${to}-1`],
        fromRegion: from,
        toRegion: to,
        weightPpm: Math.round((share / total) * 1_000_000),
      })),
  );
  const spec = deploymentPlanSpec.parse({
    dag: { name: app.name, uid, generation },
    window,
    source: 'Search',
    regions: REGIONS.map((name, i) => ({
      region: name,
      assignments: [
        ...(app.callers.includes(name) ? [at('front', app.callers.indexOf(name), name)] : []),
        ...callees.map((callee) => at(callee, i, name)),
      ],
    })),
    routes: callees.map((to) => ({ from: 'front', to, slice: 'massive', paths })),
  });
  const owner = { apiVersion: 'edgeloom.dev/v1alpha1', kind: 'ServiceDAG', name: app.name, uid, controller: true, blockOwnerDeletion: true }; // prettier-ignore
  await cluster.api.create(`${API}/namespaces/default/deploymentplans`, {
    apiVersion: 'edgeloom.dev/v1alpha1',
    kind: 'DeploymentPlan',
    metadata: {
      name: `${app.name}-${window}`,
      labels: { [LABELS.dag]: app.name },
      ownerReferences: [owner],
    },
    spec,
  });
}
