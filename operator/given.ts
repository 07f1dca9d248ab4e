import { deploymentPlanSpec } from '#crds/deploymentplan.ts';
import { edgeRegionSpec } from '#crds/edgeregion.ts';
import type { EdgeRegionSpecInput } from '#crds/edgeregion.ts';
import { ANNOTATIONS, API_VERSION, LABELS, PLACEMENT_GATE, SCHEDULER_NAME } from '#crds/meta.ts';
import { serviceDAGSpec } from '#crds/servicedag.ts';
import type { ServiceDAGSpecInput } from '#crds/servicedag.ts';
import type { CachedDag, CachedNode, CachedPlan, CachedPod, CachedRegion, Lease } from './objects.ts';

/** Test support: a moment. */
export const NOON = Date.parse('2026-11-23T12:00:00Z');

/** Test support: a node of region `north`, Ready, four CPU. */
export function givenNode(
  name: string,
  over: { region?: string; ready?: boolean; cpu?: string } = {},
): CachedNode {
  const { region = 'north', ready = true, cpu = '4' } = over;
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
export function givenRegion(name: string, over: Partial<EdgeRegionSpecInput> = {}): CachedRegion {
  const spec = edgeRegionSpec.parse({
    nodeSelector: { matchLabels: { [LABELS.region]: name } },
    topology: { attachment: { latency: '200us', bandwidth: '10G' } },
    radio: { bands: [{ name: 'mmWave', latency: '700us', bandwidth: '1G' }] },
    ...over,
  });
  return { apiVersion: API_VERSION, kind: 'EdgeRegion', metadata: { name, generation: 1 }, spec };
}

/** Test support: `default/app`, `front` calling `back`, one CPU each, users in `north`. */
export function givenDag(over: Partial<ServiceDAGSpecInput> = {}, name = 'app'): CachedDag {
  const resources = { requests: { cpu: '1', memory: '1Gi' } };
  const template = { spec: { containers: [{ name: 'main', image: 'demo:1', resources }] } };
  const spec = serviceDAGSpec.parse({
    class: 'Immersive',
    ingress: [{ region: 'north' }],
    microservices: ['front', 'back'].map((service) => ({ name: service, template })),
    edges: [{ from: 'front', to: 'back', payload: '100Ki' }],
    ...over,
  });
  return {
    apiVersion: API_VERSION,
    kind: 'ServiceDAG',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, generation: 1 },
    spec,
  };
}

/** Test support: a plan of `app`, one node for each replica in order: `{front: ['a', 'b']}`. */
export function givenPlan(
  nodes: Readonly<Record<string, readonly string[]>> = { front: ['a'], back: ['b'] },
  over: { window?: number; generation?: number; region?: string; latencyMicros?: number } = {},
): CachedPlan {
  const { window = 1, generation = 1, region = 'north', latencyMicros = 9_000 } = over;
  const assignments = Object.entries(nodes).flatMap(([microservice, names]) =>
    names.map((node, replica) => ({ microservice, replica, ranked: [{ node, sharePpm: 1_000_000 }] })),
  );
  return {
    apiVersion: API_VERSION,
    kind: 'DeploymentPlan',
    metadata: {
      name: `app-${window}`,
      namespace: 'default',
      creationTimestamp: new Date(NOON).toISOString(),
      labels: { [LABELS.dag]: 'app' },
    },
    spec: deploymentPlanSpec.parse({
      dag: { name: 'app', uid: 'uid-app', generation },
      window,
      source: 'Search',
      regions: [{ region, assignments }],
      predicted: {
        latencyMicros,
        jitterMicros: 0,
        syncMicros: 0,
        successPpm: 1_000_000,
        criticalPath: ['front'],
      },
    }),
  };
}

/** Test support: a pod of `app`: gated, or bound to a node and Ready. */
export function givenPod(
  microservice: string,
  over: { node?: string; region?: string; name?: string; bornMs?: number; ready?: boolean } = {},
): CachedPod {
  const { node, region = 'north', name = `${microservice}-0`, bornMs = NOON, ready = true } = over;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      creationTimestamp: new Date(bornMs).toISOString(),
      labels: { [LABELS.dag]: 'app', [LABELS.microservice]: microservice, [LABELS.region]: region },
      annotations: { [ANNOTATIONS.decision]: '' },
    },
    spec: {
      schedulerName: SCHEDULER_NAME,
      containers: [{ name: 'main', resources: { requests: { cpu: '1', memory: '1Gi' } } }],
      ...(node === undefined ? { schedulingGates: [{ name: PLACEMENT_GATE }] } : { nodeName: node }),
    },
    status:
      node === undefined
        ? { phase: 'Pending' }
        : { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

/** Test support: the Lease of a region's agent, renewed `agoMs` before noon. */
export const givenLease = (region: string, agoMs = 0, holderIdentity = 'agent-0'): Lease => ({
  metadata: { name: `edgeloom-agent-${region}`, namespace: 'edgeloom-system' },
  spec: { holderIdentity, renewTime: new Date(NOON - agoMs).toISOString(), leaseDurationSeconds: 15 },
});
