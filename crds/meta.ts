import { z } from 'zod';

/** API group of every Edgeloom resource. */
export const GROUP = 'edgeloom.dev';

/** The one served and stored version. */
export const VERSION = 'v1alpha1';

/** `apiVersion` of every Edgeloom resource. */
export const API_VERSION = `${GROUP}/${VERSION}` as const;

/** Scheduling gate that holds a pod until a decision is written into it. */
export const PLACEMENT_GATE = `${GROUP}/placement`;

/** Name of the scheduler profile that honours the order of a pin. */
export const SCHEDULER_NAME = 'edgeloom';

/** Labels on pods (and on what is made for them). */
export const LABELS = {
  dag: `${GROUP}/dag`,
  microservice: `${GROUP}/microservice`,
  region: `${GROUP}/region`,
  slice: `${GROUP}/slice`,
  path: `${GROUP}/path`,
} as const;

/** Annotations: `decision` on pods, the rest are facts about nodes. */
export const ANNOTATIONS = {
  decision: `${GROUP}/decision`,
  mipsPerCpu: `${GROUP}/mips-per-cpu`,
  slices: `${GROUP}/slices`,
  latitude: `${GROUP}/latitude`,
  longitude: `${GROUP}/longitude`,
  site: `${GROUP}/site`,
} as const;

/** Radio bands: the one list that `ServiceDAG.spec.ingress[].band` and `EdgeRegion.spec.radio.bands[].name` share. */
export const BANDS = ['lte', 'sub6', 'mmWave', 'subTHz', 'THz', 'wifi'] as const;

const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const strings = z.record(z.string(), z.string());

const ownerReference = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().optional(),
  blockOwnerDeletion: z.boolean().optional(),
});

/** Kubernetes object metadata. A field that Kubernetes does not know is refused, as a strict API server does. */
export const objectMeta = z.strictObject({
  name: z
    .string()
    .max(253)
    .regex(DNS_SUBDOMAIN, { error: 'must be lower case letters, digits, "-" and ".", such as cbd-north' }),
  namespace: z.string().max(63).optional(),
  uid: z.string().optional(),
  generation: z.int().optional(),
  resourceVersion: z.string().optional(),
  labels: strings.optional(),
  annotations: strings.optional(),
  finalizers: z.array(z.string()).optional(),
  ownerReferences: z.array(ownerReference).optional(),
  creationTimestamp: z.string().nullish(),
  deletionTimestamp: z.string().optional(),
  deletionGracePeriodSeconds: z.int().optional(),
  generateName: z.string().optional(),
  selfLink: z.string().optional(),
  managedFields: z.array(z.unknown()).optional(),
});

/** Kubernetes object metadata. */
export type ObjectMeta = z.infer<typeof objectMeta>;
