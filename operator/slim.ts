import type { KubeNode, KubePod } from '#crds/node.ts';
import { LABELS } from '#crds/meta.ts';

/** A pod with what capacity and placement depend on, and nothing else: it travels with every question to the planner. */
export function slimPod(pod: KubePod): KubePod {
  const { metadata, spec, status } = pod;
  const labels = Object.fromEntries(
    Object.values(LABELS).flatMap((name) => {
      const value = metadata.labels?.[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: metadata.name,
      labels,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ...(metadata.deletionTimestamp === undefined ? {} : { deletionTimestamp: metadata.deletionTimestamp }),
    },
    spec: {
      containers: spec.containers.map(({ name, resources }) => ({
        name,
        ...(resources === undefined ? {} : { resources }),
      })),
      ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers }),
      ...(spec.overhead === undefined ? {} : { overhead: spec.overhead }),
      ...(spec.nodeName === undefined ? {} : { nodeName: spec.nodeName }),
      ...(spec.schedulerName === undefined ? {} : { schedulerName: spec.schedulerName }),
      ...(spec.affinity === undefined ? {} : { affinity: spec.affinity }),
      ...(spec.schedulingGates === undefined ? {} : { schedulingGates: spec.schedulingGates }),
    },
    ...(status?.phase === undefined ? {} : { status: { phase: status.phase } }),
  };
}

/** A node with what the world reads of it. */
export function slimNode(node: KubeNode): KubeNode {
  const { name, labels, annotations, deletionTimestamp } = node.metadata;
  // The times of a condition are heartbeats, and change nothing.
  const ready = node.status?.conditions
    ?.filter((condition) => condition.type === 'Ready')
    .map(({ type, status }) => ({ type, status }));
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
    ...(node.spec === undefined
      ? {}
      : { spec: { unschedulable: node.spec.unschedulable, taints: node.spec.taints } }),
    status: {
      ...(node.status?.allocatable === undefined ? {} : { allocatable: node.status.allocatable }),
      ...(ready === undefined ? {} : { conditions: ready }),
    },
  };
}
