import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from './api.ts';

/** The part of a v1 Node that a person writes; the rest is filled in by kwok. */
export interface NodeManifest {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly capacity?: Readonly<Record<string, string>>;
    readonly allocatable?: Readonly<Record<string, string>>;
  };
}

/** The label of nodes that can be made to fail together: see `killFaultNodes`. */
export const FAULT_LABEL = 'edgeloomtest';
/** Its value. */
export const FAULT_VALUE = 'fault';

const REGIONS = ['north', 'south', 'west'] as const;
const EDGE = { cpu: '8', memory: '16Gi', pods: '110' };
const CLOUD = { cpu: '64', memory: '256Gi', pods: '250' };
const IN_FLIGHT = 16;

/** Whether a node belongs to the group that `killFaultNodes` kills. */
export function isFaultNode(node: NodeManifest): boolean {
  return node.metadata.labels?.[FAULT_LABEL] === FAULT_VALUE;
}

/** `count` plain nodes: three edge regions in turn, and every tenth node in the cloud. */
export function plainNodes(count: number): NodeManifest[] {
  return Array.from({ length: count }, (_, index) => {
    const cloud = index % 10 === 9;
    const region = cloud ? 'cloud' : (REGIONS[index % REGIONS.length] ?? REGIONS[0]);
    const size = cloud ? CLOUD : EDGE;
    return {
      metadata: {
        name: `${region}-${index + 1}`,
        labels: {
          'edgeloom.dev/region': region,
          'edgeloom.dev/tier': cloud ? 'Cloud' : 'Edge',
          'topology.kubernetes.io/region': region,
          'topology.kubernetes.io/zone': region,
        },
      },
      status: { capacity: size, allocatable: size },
    };
  });
}

/** Creates the nodes; those already there stay as they are. */
export async function createNodes(api: Api, nodes: readonly NodeManifest[]): Promise<void> {
  const left = nodes.values();
  const worker = async (): Promise<void> => {
    for (const node of left) await api.create('/api/v1/nodes', simulated(node));
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

/** What is sent for a manifest: nothing that only a kubelet may say, and what kwok looks for. */
function simulated({ metadata, spec, status }: NodeManifest): unknown {
  const allocatable = status?.allocatable ?? status?.capacity;
  const capacity = status?.capacity ?? status?.allocatable;
  const { name, labels, annotations } = metadata;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', type: 'kwok', ...labels },
      annotations: { 'kwok.x-k8s.io/node': 'fake', 'node.alpha.kubernetes.io/ttl': '0', ...annotations },
    },
    ...(spec === undefined ? {} : { spec }),
    ...(allocatable === undefined ? {} : { status: { allocatable, capacity } }),
  };
}

interface NodeState {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly taints?: readonly { readonly key: string }[] };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

// Set by the control plane itself while a node is not usable; taints a person wrote do not count.
const LIFECYCLE_TAINTS = ['not-ready', 'unreachable', 'network-unavailable'].map(
  (key) => `node.kubernetes.io/${key}`,
);

function usable({ spec, status }: NodeState): boolean {
  const ready = status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  return ready && !(spec.taints ?? []).some(({ key }) => LIFECYCLE_TAINTS.includes(key));
}

/** How many nodes there are, and the names of those that pods can go to. */
export async function readNodes(api: Api): Promise<{ total: number; ready: string[] }> {
  const { items } = await api.get<{ items: readonly NodeState[] }>('/api/v1/nodes?resourceVersion=0');
  return { total: items.length, ready: items.filter(usable).map(({ metadata }) => metadata.name) };
}

/** Returns when the named nodes are Ready and free of the taints that the control plane puts on unusable ones. */
export async function waitForNodes(api: Api, names: readonly string[], timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const ready = new Set((await readNodes(api)).ready);
    const waiting = names.filter((name) => !ready.has(name));
    if (waiting.length === 0) return;
    if (performance.now() > deadline) {
      const done = `${names.length - waiting.length} of ${names.length} nodes became Ready`;
      const seconds = Math.round(timeoutMs / 1000);
      throw new Error(`${done} in ${seconds} s; still waiting for ${waiting.slice(0, 3).join(', ')}`);
    }
    await sleep(Math.min(1000, 100 + names.length));
  }
}
