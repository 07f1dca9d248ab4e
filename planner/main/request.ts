import { z } from 'zod';
import { graphFindings } from '#crds/dag-checks.ts';
import { deploymentPlanSpec } from '#crds/deploymentplan.ts';
import { edgeRegionSpec } from '#crds/edgeregion.ts';
import { fieldOf } from '#crds/finding.ts';
import type { Finding } from '#crds/finding.ts';
import { findingsOf } from '#crds/issues.ts';
import type { JsonSchema } from '#crds/json-schema.ts';
import { inputSchema } from '#crds/json-schema.ts';
import { API_VERSION, objectMeta } from '#crds/meta.ts';
import { kubeNode, kubePod } from '#crds/node.ts';
import { serviceDAGSpec } from '#crds/servicedag.ts';
import { SOURCE_NAMES } from '../sources.ts';

/** The longest a caller may wait for a plan. */
export const LONGEST_DEADLINE_MS = 30_000;

// Live objects carry metadata and status of any server version: only what planning reads is checked.
const metadata = z.looseObject(objectMeta.shape);
const custom = { apiVersion: z.literal(API_VERSION).default(API_VERSION), metadata };
const core = { apiVersion: z.literal('v1').default('v1'), metadata };

const objects = z.strictObject({
  nodes: z.array(kubeNode.extend({ ...core, kind: z.literal('Node').default('Node') })).default([]),
  regions: z
    .array(
      z.object({
        ...custom,
        kind: z.literal('EdgeRegion').default('EdgeRegion'),
        spec: edgeRegionSpec,
      }),
    )
    .default([]),
  dags: z
    .array(
      z.object({
        ...custom,
        kind: z.literal('ServiceDAG').default('ServiceDAG'),
        spec: serviceDAGSpec,
      }),
    )
    .default([]),
  pods: z.array(kubePod.extend({ ...core, kind: z.literal('Pod').default('Pod') })).default([]),
  plans: z
    .array(
      z.object({
        ...custom,
        kind: z.literal('DeploymentPlan').default('DeploymentPlan'),
        spec: deploymentPlanSpec,
      }),
    )
    .default([]),
  nowMs: z.number().default(0),
});

const planRequest = z.strictObject({
  objects,
  dag: z.string().regex(/^[^/]+\/[^/]+$/, { error: 'must be namespace/name: write arena/stitching' }),
  keep: z.boolean().default(false),
  ranks: z.int().min(1).max(16).default(1),
  objective: z.enum(['utility', 'latency']).default('utility'),
  planner: z.enum(SOURCE_NAMES as [string, ...string[]]).default('search'),
  budgetMs: z.number().min(0).max(LONGEST_DEADLINE_MS).optional(),
  deadlineMs: z.number().min(1).max(LONGEST_DEADLINE_MS).default(10_000),
});

/** A request for a plan, as it is after its check. */
export type PlanRequest = z.output<typeof planRequest>;

/** Something wrong with one field of a body. */
export interface BodyProblem {
  readonly field: string;
  readonly message: string;
}

let written: JsonSchema | undefined;

const said = ({ path, message, fix }: Finding): BodyProblem => ({
  field: fieldOf(path),
  message: fix === '' ? message : `${message}: ${fix}`,
});

/** Checks a body; everything that is wrong with it is in the answer. */
export function readPlanRequest(
  body: unknown,
): { readonly request: PlanRequest } | { readonly problems: readonly BodyProblem[] } {
  const result = planRequest.safeParse(body);
  if (!result.success) {
    written ??= inputSchema(planRequest);
    return { problems: findingsOf(result.error.issues, body, written).map(said) };
  }
  // The API server's CEL cannot see a cycle, and a search would leave out its members. Other DAGs only hold what they hold.
  const findings = result.data.objects.dags.flatMap((dag, i) =>
    `${dag.metadata.namespace ?? 'default'}/${dag.metadata.name}` === result.data.dag
      ? graphFindings(dag.spec).map((f): Finding => ({ ...f, path: ['objects', 'dags', i, ...f.path] }))
      : [],
  );
  return findings.length > 0 ? { problems: findings.map(said) } : { request: result.data };
}
