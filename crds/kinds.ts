import type { z } from 'zod';
import { deploymentPlan } from './deploymentplan.ts';
import { edgeRegion } from './edgeregion.ts';
import type { JsonSchema } from './json-schema.ts';
import { inputSchema } from './json-schema.ts';
import { API_VERSION } from './meta.ts';
import { kubeNode, kubePod } from './node.ts';
import { serviceDAG } from './servicedag.ts';

/** A kind of object that the parser reads. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly schema: z.ZodType;
  readonly json: JsonSchema;
}

function kind(apiVersion: string, name: string, namespaced: boolean, schema: z.ZodType): Kind {
  return { apiVersion, kind: name, namespaced, schema, json: inputSchema(schema) };
}

/** Every kind that the parser reads; other kinds of Kubernetes are skipped. */
export const KINDS = {
  ServiceDAG: kind(API_VERSION, 'ServiceDAG', true, serviceDAG),
  EdgeRegion: kind(API_VERSION, 'EdgeRegion', false, edgeRegion),
  DeploymentPlan: kind(API_VERSION, 'DeploymentPlan', true, deploymentPlan),
  Node: kind('v1', 'Node', false, kubeNode),
  Pod: kind('v1', 'Pod', true, kubePod),
} as const satisfies Record<string, Kind>;

/** Name of a kind that the parser reads. */
export type KindName = keyof typeof KINDS;
