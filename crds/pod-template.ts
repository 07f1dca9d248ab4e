import { z } from 'zod';
import type { Quantity } from './fields.ts';
import { amount, boundedMap } from './fields.ts';

const open = { 'x-kubernetes-preserve-unknown-fields': true } as const;

const amounts = (what: string): z.ZodRecord<z.ZodString, z.ZodType<Quantity, Quantity>> =>
  boundedMap(amount(), { max: 32 }).describe(what);

const expression = z
  .looseObject({
    key: z.string().max(317).describe('Label or field that is compared.'),
    operator: z
      .enum(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'])
      .describe('How the value is compared with the list.'),
    values: z.array(z.string().max(253)).max(256).optional().describe('Values it is compared with.'),
  })
  .meta(open)
  .describe('One comparison (core/v1 NodeSelectorRequirement).');

const nodeSelectorTerm = z
  .looseObject({
    matchExpressions: z
      .array(expression)
      .max(32)
      .optional()
      .describe('Comparisons with labels of the node; all must hold.'),
    matchFields: z
      .array(expression)
      .max(8)
      .optional()
      .describe('Comparisons with fields of the node; all must hold.'),
  })
  .meta(open)
  .describe('One alternative (core/v1 NodeSelectorTerm).');

const affinity = z
  .looseObject({
    nodeAffinity: z
      .looseObject({
        requiredDuringSchedulingIgnoredDuringExecution: z
          .looseObject({
            nodeSelectorTerms: z.array(nodeSelectorTerm).max(32).describe('Alternatives; one must hold.'),
          })
          .meta(open)
          .optional()
          .describe('What a node must have.'),
      })
      .meta(open)
      .optional()
      .describe('Rules over nodes (core/v1 NodeAffinity).'),
  })
  .meta(open)
  .describe('Rules that the scheduler obeys on top of the placement (core/v1 Affinity).');

/** A taint that a pod puts up with (core/v1 Toleration). */
export const toleration = z
  .looseObject({
    key: z.string().max(317).optional().describe('Key of the taint; empty with Exists tolerates all.'),
    operator: z.string().max(16).optional().describe('Exists or Equal; Equal when absent.'),
    value: z.string().max(63).optional().describe('Value of the taint.'),
    effect: z.string().max(32).optional().describe('Effect of the taint; empty matches all.'),
  })
  .meta(open)
  .describe('A taint that the pods put up with (core/v1 Toleration).');

/** The part of a container that Edgeloom reads; the rest is kept as it is (core/v1 Container). */
export const container = z
  .looseObject({
    name: z.string().min(1).max(63).describe('Name of the container.'),
    image: z.string().max(1024).optional().describe('Image of the container.'),
    restartPolicy: z.string().max(16).optional().describe('Always makes an init container a sidecar.'),
    resources: z
      .looseObject({
        requests: amounts('What the container asks for; its CPU serves requests.').optional(),
        limits: amounts('What the container may not exceed.').optional(),
      })
      .meta(open)
      .optional()
      .describe('Resources of the container.'),
  })
  .meta(open)
  .describe('A container (core/v1 Container). Every field of Kubernetes is allowed.');

const podSpec = z
  .looseObject({
    containers: z
      .array(container)
      .min(1)
      .max(16)
      .describe('Containers of the pod; their requests are added up.'),
    initContainers: z
      .array(container)
      .max(16)
      .optional()
      .describe('Containers that run first, and sidecars.'),
    overhead: amounts('What the pod itself takes on top of its containers.').optional(),
    nodeSelector: boundedMap(z.string().max(63), { max: 64 })
      .optional()
      .describe('Labels that a node must carry.'),
    tolerations: z.array(toleration).max(64).optional().describe('Taints that the pods put up with.'),
    affinity: affinity.optional(),
    volumes: z
      .array(
        z
          .looseObject({ name: z.string().max(63).describe('Name of the volume.') })
          .meta(open)
          .describe('A volume (core/v1 Volume).'),
      )
      .max(64)
      .optional()
      .describe('Volumes of the pods.'),
  })
  .meta(open)
  .describe('An ordinary pod specification (core/v1 PodSpec). Every field of Kubernetes is allowed.');

/** An ordinary pod template: typed where Edgeloom reads it, open everywhere else. */
export const podTemplate = z
  .strictObject({
    metadata: z
      .looseObject({
        labels: boundedMap(z.string().max(63), { max: 64 }).optional().describe('Labels of the pods.'),
        annotations: boundedMap(z.string().max(65536), { max: 64 })
          .optional()
          .describe('Annotations of the pods.'),
      })
      .meta(open)
      .optional()
      .describe('Metadata of the pods.'),
    spec: podSpec,
  })
  .describe('An ordinary pod template (core/v1 PodTemplateSpec).');
