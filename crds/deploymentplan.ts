import { z } from 'zod';
import { dnsLabel, labelValue, natural, ppm, text, vertexName } from './fields.ts';
import { API_VERSION, objectMeta } from './meta.ts';
import type { ObjectMeta } from './meta.ts';
import { listMap, withRules } from './rule.ts';
import { conditions, performance } from './status.ts';

const SOURCES = ['Search', 'Memory', 'Model', 'LLM'] as const;

const assignment = z
  .strictObject({
    microservice: dnsLabel().describe('Microservice that is placed.'),
    replica: z.int().min(0).max(255).describe('Which of its replicas, from 0.'),
    ranked: z
      .array(
        z
          .strictObject({
            node: vertexName().describe('Name of the node.'),
            sharePpm: ppm().describe('Weight of the node among the choices, in parts per million.'),
          })
          .describe('One choice.'),
      )
      .min(1)
      .max(16)
      .meta(listMap('node'))
      .describe('Nodes in order of preference (p^LLM, Eq. 6).'),
    replaces: vertexName()
      .optional()
      .describe('Pod that runs this replica elsewhere now: it goes once the one placed here takes calls.'),
  })
  .describe('Where one replica goes.');

const region = z
  .strictObject({
    region: dnsLabel().describe('Name of the EdgeRegion.'),
    assignments: z
      .array(assignment)
      .max(1024)
      .meta(listMap('microservice', 'replica'))
      .default([])
      .describe('Replicas placed in this region.'),
    rewardWeightsPpm: z
      .array(ppm())
      .length(4)
      .optional()
      .describe('Weights of the four reward terms (ω), in parts per million.'),
    penaltyWeightsPpm: z
      .array(natural())
      .length(3)
      .optional()
      .describe('Weights of the three penalties, in parts per million.'),
    cooperationMilli: z
      .int()
      .min(-1_000_000)
      .max(1_000_000)
      .optional()
      .describe('Logit of the cooperation with other regions, in thousandths.'),
    predictedReturnPpm: z
      .int()
      .optional()
      .describe('Return that the planner expects of this region, in parts per million.'),
    embedding: text(16384)
      .optional()
      .describe('Semantic embedding for the agent: little-endian 32-bit floats in base64.'),
  })
  .describe('The section of one region.');

const route = z
  .strictObject({
    from: dnsLabel().describe('Microservice that calls.'),
    to: dnsLabel().describe('Microservice that is called.'),
    slice: labelValue().describe('Slice the calls travel in.'),
    paths: z
      .array(
        z
          .strictObject({
            via: z
              .array(vertexName())
              .min(1)
              .max(64)
              .describe('Every hop, ends included; one name on one node.'),
            fromRegion: dnsLabel().describe('Region of the caller.'),
            toRegion: dnsLabel().describe('Region of the callee.'),
            weightPpm: ppm().describe('Share of the calls, in parts per million.'),
          })
          .describe('One path.'),
      )
      .min(1)
      .max(64)
      .describe('Paths of the edge with their shares (y).'),
  })
  .describe('How the calls of one edge travel.');

const provenance = z
  .strictObject({
    planner: text(128).optional().describe('Planner and version.'),
    modelDigest: text(128).optional().describe('Digest of the model that proposed the plan.'),
    encoderVersion: text(64).optional().describe('Version of the encoder of the memory.'),
    traces: z.array(text(128)).max(64).optional().describe('Traces of past deployments that were consulted.'),
    candidates: natural().optional().describe('Candidates that were compared.'),
    feasibleBeforeRepair: natural()
      .optional()
      .describe('Candidates that broke no hard constraint as proposed.'),
    repaired: natural().optional().describe('Candidates that a repair made feasible.'),
    elapsedMicros: natural().optional().describe('Time it took to plan, in microseconds.'),
    tokens: natural().optional().describe('Tokens the language model read and wrote.'),
  })
  .describe('Where the plan comes from.');

/** What is decided. Written once. */
export const deploymentPlanSpec = withRules(
  z.strictObject({
    dag: z
      .strictObject({
        name: dnsLabel().describe('Name of the ServiceDAG, in the same namespace.'),
        uid: text(64).optional().describe('Its uid.'),
        generation: natural().optional().describe('Generation of its spec that was planned.'),
      })
      .describe('The ServiceDAG that is placed.'),
    window: natural().default(0).describe('Number of the planning window.'),
    source: z.enum(SOURCES).describe('Where the winning candidate came from.'),
    regions: z
      .array(region)
      .max(64)
      .meta(listMap('region'))
      .default([])
      .describe('One section for each region.'),
    routes: z
      .array(route)
      .max(256)
      .meta(listMap('from', 'to', 'slice'))
      .default([])
      .describe('How calls travel, by edge.'),
    predicted: performance.optional().describe('What the world model expects.'),
    provenance: provenance.optional(),
  }),
  [
    {
      cel: 'self == oldSelf',
      message: 'a plan is immutable: write a new DeploymentPlan',
      reason: 'FieldValueForbidden',
    },
  ],
).describe('What is decided. Written once.');

const status = z
  .strictObject({
    phase: z
      .enum(['Dispatched', 'Adopted', 'Superseded', 'Rejected'])
      .optional()
      .describe('How far the plan has come.'),
    conditions: conditions('Reported'),
    realised: performance.optional().describe('What was measured while the plan was in force.'),
    driftPpm: natural()
      .optional()
      .describe('Relative difference between predicted and realised (δ), in parts per million.'),
  })
  .describe('What became of it.');

/** The whole object, as the parser reads it. */
export const deploymentPlan = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('DeploymentPlan'),
  metadata: objectMeta,
  spec: deploymentPlanSpec,
  status: status.optional(),
});

/** Status schema, for the generator. */
export { status as deploymentPlanStatus };

/** Spec after defaults. */
export type DeploymentPlanSpec = z.output<typeof deploymentPlanSpec>;

/** What the controllers report. */
export type DeploymentPlanStatus = z.output<typeof status>;

/** One decision for one ServiceDAG and window: the message from planner to agents. */
export interface DeploymentPlan {
  apiVersion: typeof API_VERSION;
  kind: 'DeploymentPlan';
  metadata: ObjectMeta;
  spec: DeploymentPlanSpec;
  status?: DeploymentPlanStatus | undefined;
}
