import { LABELS, PLACEMENT_GATE, SCHEDULER_NAME } from '#crds/meta.ts';
import type { KubePod } from '#crds/node.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import type { Service } from './application.ts';

/** A replica that was lost: its pod waits for a node. */
export interface GatedReplica {
  readonly service: Service;
  readonly pod: KubePod;
}

const timestamp = (micros: number): string => new Date(Math.floor(micros / 1000)).toISOString();

function pod(
  dag: ServiceDAG,
  service: Service,
  region: string,
  number: number,
  now: number,
  spec: object,
): KubePod {
  const name = `${dag.metadata.name}-${service.name}-${number}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: dag.metadata.namespace ?? 'default',
      uid: `pod-${number}`,
      creationTimestamp: timestamp(now),
      labels: {
        [LABELS.dag]: dag.metadata.name,
        [LABELS.microservice]: service.name,
        [LABELS.region]: region,
      },
    },
    spec: { ...service.template, schedulerName: SCHEDULER_NAME, ...spec },
    status: { phase: 'Pending' },
  };
}

/** A replica's pod, bound, as a cluster would show it. Numbers are unique within a run. */
export const boundPod = (
  dag: ServiceDAG,
  service: Service,
  { name, region }: { readonly name: string; readonly region: string },
  number: number,
  now: number,
): KubePod => ({
  ...pod(dag, service, region, number, now, { nodeName: name }),
  status: { phase: 'Running' },
});

/** The pod that comes in the place of a lost one: gated, without a node, in the same region. */
export const gatedPod = (
  dag: ServiceDAG,
  service: Service,
  region: string,
  number: number,
  now: number,
): KubePod => pod(dag, service, region, number, now, { schedulingGates: [{ name: PLACEMENT_GATE }] });

/** A gated pod, bound. */
export function movedPod(gated: KubePod, node: string): KubePod {
  const { schedulingGates: _, ...spec } = gated.spec;
  return { ...gated, spec: { ...spec, nodeName: node }, status: { phase: 'Running' } };
}

/** A pod on its way out: it holds its room and keeps no place. */
export const leaving = (pod: KubePod, now: number): KubePod => ({
  ...pod,
  metadata: { ...pod.metadata, deletionTimestamp: timestamp(now) },
});
