import { z } from 'zod';
import { objectMeta } from './meta.ts';
import { container, podTemplate, toleration } from './pod-template.ts';
import { QUANTITY } from './quantity.ts';

const NO_QUANTITY = 'must be a quantity, zero or more: write 8, 500m or 16Gi';

/** Quantities as Kubernetes itself takes them: a bare fraction such as `cpu: 0.5` is legal here. */
const amounts = z.record(
  z.string(),
  z.union([z.number().min(0), z.string().regex(QUANTITY, { error: NO_QUANTITY })], {
    error: NO_QUANTITY,
  }),
);

const podContainer = container.extend({
  resources: z.looseObject({ requests: amounts.optional(), limits: amounts.optional() }).optional(),
});

const nodeCondition = z.looseObject({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
  lastTransitionTime: z.string().nullish(),
});

const taint = z.looseObject({ key: z.string(), value: z.string().optional(), effect: z.string() });

/** The part of a v1 Node that decisions use; everything else is kept as it is. */
export const kubeNode = z.looseObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Node'),
  metadata: objectMeta,
  spec: z
    .looseObject({ unschedulable: z.boolean().optional(), taints: z.array(taint).optional() })
    .optional(),
  status: z
    .looseObject({
      capacity: amounts.optional(),
      allocatable: amounts.optional(),
      conditions: z.array(nodeCondition).optional(),
    })
    .optional(),
});

/** A v1 Node. */
export type KubeNode = z.infer<typeof kubeNode>;

const podSpec = podTemplate.shape.spec.shape;

/** The part of a v1 Pod that decisions use; everything else is kept as it is. */
export const kubePod = z.looseObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Pod'),
  metadata: objectMeta,
  spec: z.looseObject({
    nodeName: z.string().optional(),
    schedulerName: z.string().optional(),
    containers: z.array(podContainer).min(1),
    initContainers: z.array(podContainer).optional(),
    overhead: amounts.optional(),
    nodeSelector: podSpec.nodeSelector,
    tolerations: z.array(toleration).optional(),
    affinity: podSpec.affinity,
    schedulingGates: z.array(z.looseObject({ name: z.string() })).optional(),
  }),
  status: z
    .looseObject({
      phase: z.string().optional(),
      podIP: z.string().optional(),
      conditions: z.array(nodeCondition).optional(),
    })
    .optional(),
});

/** A v1 Pod. */
export type KubePod = z.infer<typeof kubePod>;
