import { deploymentPlanSpec } from '#crds/deploymentplan.ts';
import type { DeploymentPlan } from '#crds/deploymentplan.ts';
import { edgeRegionSpec } from '#crds/edgeregion.ts';
import type { EdgeRegion } from '#crds/edgeregion.ts';
import { API_VERSION, LABELS, PLACEMENT_GATE, SCHEDULER_NAME } from '#crds/meta.ts';
import type { KubeNode, KubePod } from '#crds/node.ts';
import { serviceDAGSpec } from '#crds/servicedag.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import type { Objects } from '#world/objects.ts';
import { snapshotOf } from '#world/snapshot.ts';
import type { Sight } from './decision.ts';
import { pinnedPod } from './patch.ts';
import { weighted } from './weights.ts';

/** Test support: a node of region `north`, Ready. */
export function givenNode(
  name: string,
  over: { cpu?: string; region?: string; ready?: boolean } = {},
): KubeNode {
  const { cpu = '4', region = 'north', ready = true } = over;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { [LABELS.region]: region } },
    status: {
      allocatable: { cpu, memory: '8Gi', pods: '110' },
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }],
    },
  };
}

/** Test support: a region that selects its nodes by label. */
export const givenRegion = (name: string): EdgeRegion => ({
  apiVersion: API_VERSION,
  kind: 'EdgeRegion',
  metadata: { name },
  spec: edgeRegionSpec.parse({
    nodeSelector: { matchLabels: { [LABELS.region]: name } },
    topology: {
      attachment: { latency: '200us', bandwidth: '10G' },
      ...(name === 'north' ? {} : { links: [{ from: 'north', to: name, latency: '1ms', bandwidth: '40G' }] }),
    },
  }),
});

/** Test support: `default/app`, `front` calling `back`, one CPU each. */
export function givenDag(candidates = 3): ServiceDAG {
  const template = {
    spec: { containers: [{ name: 'main', resources: { requests: { cpu: '1', memory: '1Gi' } } }] },
  };
  const microservices = ['front', 'back'].map((name) => ({ name, work: '10M', template }));
  return {
    apiVersion: API_VERSION,
    kind: 'ServiceDAG',
    metadata: { name: 'app', namespace: 'default', uid: 'dag-1' },
    spec: serviceDAGSpec.parse({
      ingress: [{ region: 'north' }],
      microservices,
      edges: [{ from: 'front', to: 'back', payload: '100Ki' }],
      placement: { candidates },
    }),
  };
}

/** Test support: a plan that ranks nodes for each replica: `{front: [['a', 'b'], ['c']]}`; `replaces` names the pods it moves. */
export function givenPlan(
  ranked: Readonly<Record<string, readonly (readonly string[])[]>>,
  over: { region?: string; window?: number; name?: string; replaces?: Readonly<Record<string, string>> } = {},
): DeploymentPlan {
  const { region = 'north', window = 1, name = `app-${window}`, replaces = {} } = over;
  const assignments = Object.entries(ranked).flatMap(([microservice, replicas]) =>
    replicas.map((nodes, replica) => ({
      microservice,
      replica,
      ...(replaces[microservice] === undefined ? {} : { replaces: replaces[microservice] }),
      ranked: nodes.map((node) => ({ node, sharePpm: 1 })),
    })),
  );
  return {
    apiVersion: API_VERSION,
    kind: 'DeploymentPlan',
    metadata: { name, namespace: 'default' },
    spec: deploymentPlanSpec.parse({
      dag: { name: 'app', uid: 'dag-1' },
      window,
      source: 'Search',
      regions: [{ region, assignments }],
    }),
  };
}

/** Test support: a gated pod of `default/app`; a greater `age` is older. */
export function givenPod(
  name: string,
  over: { microservice?: string; region?: string; cpu?: string; age?: number } = {},
): KubePod {
  const { microservice = 'front', region = 'north', cpu = '1', age = 0 } = over;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      creationTimestamp: new Date(1_000_000_000_000 - age * 1000).toISOString(),
      labels: { [LABELS.dag]: 'app', [LABELS.microservice]: microservice, [LABELS.region]: region },
      annotations: { 'edgeloom.dev/template': 'yes' },
    },
    spec: {
      schedulerName: SCHEDULER_NAME,
      containers: [{ name: 'main', resources: { requests: { cpu, memory: '1Gi' } } }],
      schedulingGates: [{ name: PLACEMENT_GATE }],
    },
    status: { phase: 'Pending' },
  };
}

/** Test support: the pod, bound. */
export const bound = (pod: KubePod, nodeName: string): KubePod => ({
  ...pod,
  spec: { ...pod.spec, nodeName, schedulingGates: [] },
  status: { phase: 'Running' },
});

/** Test support: the pod, pinned and not bound yet. */
export const pinned = (pod: KubePod, ...nodes: string[]): KubePod => pinnedPod(pod, weighted(nodes));

/** Test support: what the agent of `north` sees; three nodes and the DAG unless told otherwise. */
export function given(over: Partial<Objects> & { avoid?: Sight['avoid']; region?: string } = {}): Sight {
  const { avoid, region = 'north', ...objects } = over;
  const all: Objects = {
    nodes: [givenNode('a'), givenNode('b'), givenNode('c')],
    regions: [givenRegion('north')],
    dags: [givenDag()],
    plans: [],
    pods: [],
    nowMs: 0,
    ...objects,
  };
  return { region, objects: all, snapshot: snapshotOf(all), ...(avoid === undefined ? {} : { avoid }) };
}
