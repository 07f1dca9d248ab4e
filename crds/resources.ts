import type { z } from 'zod';
import { deploymentPlanSpec, deploymentPlanStatus } from './deploymentplan.ts';
import { edgeRegionSpec, edgeRegionStatus } from './edgeregion.ts';
import { DEPLOYMENTPLAN, EDGEREGION, SERVICEDAG } from './served.ts';
import { serviceDAGStatus } from './servicedag-status.ts';
import { serviceDAGSpec } from './servicedag.ts';

/** A column of `kubectl get`. */
interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** 1 = only with `-o wide`. */
  readonly priority?: 1;
}

/** What a CustomResourceDefinition is made from. */
export interface Resource {
  readonly kind: string;
  readonly plural: string;
  readonly shortName: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  /** Whether the name becomes a label of pods, so that it must be a DNS label. */
  readonly labelName: boolean;
  readonly columns: readonly Column[];
}

const ready = (field: 'status' | 'reason'): string => `.status.conditions[?(@.type=="Ready")].${field}`;

const readiness: readonly Column[] = [
  {
    name: 'Ready',
    type: 'string',
    jsonPath: ready('status'),
    description: 'Whether everything is as it should be.',
  },
  { name: 'Reason', type: 'string', jsonPath: ready('reason'), description: 'Why, as one word.' },
];

const age: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since creation.',
};

/** The three resources. */
export const RESOURCES: readonly Resource[] = [
  {
    kind: SERVICEDAG.kind,
    plural: SERVICEDAG.plural,
    shortName: 'sdag',
    scope: 'Namespaced',
    description: 'An application that is a graph of microservices, and what its users are promised.',
    spec: serviceDAGSpec,
    status: serviceDAGStatus,
    labelName: true,
    columns: [
      ...readiness,
      {
        name: 'Latency(us)',
        type: 'integer',
        jsonPath: '.status.predicted.latencyMicros',
        description: 'Predicted end-to-end latency, in microseconds.',
      },
      {
        name: 'Limit',
        type: 'string',
        jsonPath: '.spec.qos.maxLatency',
        description: 'Limit of the latency.',
      },
      {
        name: 'Source',
        type: 'string',
        jsonPath: '.status.plan.source',
        description: 'Where the plan in force came from.',
      },
      age,
      {
        name: 'Class',
        type: 'string',
        jsonPath: '.spec.class',
        description: 'Kind of traffic.',
        priority: 1,
      },
      {
        name: 'Observed(us)',
        type: 'integer',
        jsonPath: '.status.observed.latencyMicros',
        description: 'Measured end-to-end latency, in microseconds.',
        priority: 1,
      },
      {
        name: 'Plan',
        type: 'string',
        jsonPath: '.status.plan.name',
        description: 'Plan in force.',
        priority: 1,
      },
    ],
  },
  {
    kind: EDGEREGION.kind,
    plural: EDGEREGION.plural,
    shortName: 'er',
    scope: 'Cluster',
    description: 'A part of the infrastructure: its nodes, links, radio and agent.',
    spec: edgeRegionSpec,
    status: edgeRegionStatus,
    labelName: true,
    columns: [
      ...readiness,
      { name: 'Tier', type: 'string', jsonPath: '.spec.tier', description: 'Edge or Cloud.' },
      { name: 'Nodes', type: 'integer', jsonPath: '.status.nodes', description: 'Nodes in the region.' },
      { name: 'Policy', type: 'string', jsonPath: '.spec.agent.policy', description: 'Policy of the agent.' },
      {
        name: 'Trust(ppm)',
        type: 'integer',
        jsonPath: '.status.trustPpm',
        description: 'How far the agent follows plans.',
      },
      age,
    ],
  },
  {
    kind: DEPLOYMENTPLAN.kind,
    plural: DEPLOYMENTPLAN.plural,
    shortName: 'dp',
    scope: 'Namespaced',
    description:
      'One decision for one ServiceDAG and window, written once by the planner and read by the agents.',
    spec: deploymentPlanSpec,
    status: deploymentPlanStatus,
    labelName: false,
    columns: [
      { name: 'DAG', type: 'string', jsonPath: '.spec.dag.name', description: 'ServiceDAG that is placed.' },
      { name: 'Window', type: 'integer', jsonPath: '.spec.window', description: 'Planning window.' },
      { name: 'Source', type: 'string', jsonPath: '.spec.source', description: 'Where the plan came from.' },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'How far the plan has come.' },
      {
        name: 'Latency(us)',
        type: 'integer',
        jsonPath: '.spec.predicted.latencyMicros',
        description: 'Predicted end-to-end latency, in microseconds.',
      },
      age,
    ],
  },
];
