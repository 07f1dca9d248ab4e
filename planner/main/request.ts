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

/** A world in a body: the objects of a snapshot. */
export const objects = z.strictObject({
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

/** `namespace/name` of a ServiceDAG. */
export const dagKey = z
  .string()
  .regex(/^[^/]+\/[^/]+$/, { error: 'must be namespace/name: write arena/stitching' });

const planRequest = z.strictObject({
  objects,
  dag: dagKey,
  keep: z.boolean().default(false),
  moves: z.int().min(0).max(1024).default(0),
  replicas: z.record(z.string(), z.int()).default({}),
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

const written = new Map<z.ZodType, JsonSchema>();

const said = ({ path, message, fix }: Finding): BodyProblem => ({
  field: fieldOf(path),
  message: fix === '' ? message : `${message}: ${fix}`,
});

/** A body after its check, or everything that is wrong with it. */
export type Read<T> = { readonly request: T } | { readonly problems: readonly BodyProblem[] };

/** Checks a body against a schema. */
export function readBody<S extends z.ZodType>(schema: S, body: unknown): Read<z.output<S>> {
  const result = schema.safeParse(body);
  if (result.success) return { request: result.data };
  const known = written.get(schema) ?? inputSchema(schema);
  written.set(schema, known);
  return { problems: findingsOf(result.error.issues, body, known).map(said) };
}

/** The graph of a DAG among a body's objects: the API server's CEL cannot see a cycle, and a search would leave out its members. */
export function graphProblems(request: {
  readonly dag: string;
  readonly objects: z.output<typeof objects>;
}): BodyProblem[] {
  return request.objects.dags.flatMap((dag, i) =>
    `${dag.metadata.namespace ?? 'default'}/${dag.metadata.name}` === request.dag
      ? graphFindings(dag.spec).map((f) => said({ ...f, path: ['objects', 'dags', i, ...f.path] }))
      : [],
  );
}

/** Replicas that the spec does not allow, or of what the DAG has not. */
function countProblems({ objects: { dags }, dag: key, replicas }: PlanRequest): BodyProblem[] {
  const dag = dags.find(({ metadata }) => `${metadata.namespace ?? 'default'}/${metadata.name}` === key);
  return Object.entries(replicas).flatMap(([name, count]) => {
    const service = dag?.spec.microservices.find((one) => one.name === name);
    if (dag === undefined) return [];
    if (service === undefined)
      return [{ field: `replicas.${name}`, message: `${key} has no microservice of that name` }];
    const { min, max = min } = service.replicas;
    return count >= min && count <= max
      ? []
      : [{ field: `replicas.${name}`, message: `${count} is not ${min} to ${max}, as its spec says` }];
  });
}

/** Checks a body; everything that is wrong with it is in the answer. Other DAGs than the one that is planned only hold what they hold. */
export function readPlanRequest(body: unknown): Read<PlanRequest> {
  const read = readBody(planRequest, body);
  if ('problems' in read) return read;
  const problems = [...graphProblems(read.request), ...countProblems(read.request)];
  return problems.length > 0 ? { problems } : read;
}
