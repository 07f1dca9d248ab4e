import { z } from 'zod';
import { amount, dnsLabel, duration, labelValue, positiveDuration, probability } from './fields.ts';
import { API_VERSION, BANDS, objectMeta } from './meta.ts';
import type { ObjectMeta } from './meta.ts';
import { podTemplate } from './pod-template.ts';
import { listMap, withRules } from './rule.ts';
import { serviceDAGStatus } from './servicedag-status.ts';

const ingress = z
  .strictObject({
    region: dnsLabel().describe('Name of the EdgeRegion whose users call.'),
    requestsPerSecond: amount().optional().describe('Requests per second from there; unknown when absent.'),
    band: z.enum(BANDS).optional().describe('Radio band the users are on; no radio term when absent.'),
    payload: amount().default('0').describe('Bytes of one request.'),
  })
  .describe('One group of users.');

const qos = z
  .strictObject({
    maxLatency: positiveDuration().optional().describe('Limit of the end-to-end latency of a request.'),
    maxJitter: duration().optional().describe('Limit of the standard deviation of the latency.'),
    maxSync: duration().optional().describe('Limit of the spread between the sync inputs of a join.'),
    minSuccess: probability().optional().describe('Least probability that a request succeeds.'),
    enforcement: z
      .enum(['Preferred', 'Required'])
      .default('Preferred')
      .describe(
        'Required refuses every plan that breaks a limit; Preferred takes the least bad one and says so.',
      ),
  })
  .describe('Quality of service that the whole graph must meet.');

const replicas = withRules(
  z.strictObject({
    min: z.int().min(1).max(256).default(1).describe('Replicas that always run.'),
    max: z.int().min(1).max(256).optional().describe('Most replicas that may run; min when absent.'),
  }),
  [
    {
      cel: '!has(self.max) || self.min <= self.max',
      message: 'min must not be above max',
      fieldPath: '.min',
      holds: ({ min, max }) => max === undefined || min <= max,
      path: ['min'],
    },
  ],
).describe('How many replicas may run.');

const NOTHING = String.raw`'^0*[.]?0*([a-zA-Z].*)?$'`;

const microservice = withRules(
  z.strictObject({
    name: dnsLabel().describe('Name of the microservice, unique in the DAG.'),
    work: amount().optional().describe('Instructions that one request costs.'),
    replicas: replicas.prefault({}),
    port: z.int().min(1).max(65535).default(8080).describe('Port on which the containers take requests.'),
    template: podTemplate,
  }),
  [
    {
      cel:
        `!has(self.work) || string(self.work).matches(${NOTHING}) || self.template.spec.containers.exists(c, ` +
        `has(c.resources) && has(c.resources.requests) && 'cpu' in c.resources.requests && ` +
        `!string(c.resources.requests['cpu']).matches(${NOTHING}))`,
      message: 'a microservice with work needs a CPU request: set resources.requests.cpu on a container',
      fieldPath: '.template.spec.containers',
      holds: ({ work, template }) =>
        isNothing(work) || template.spec.containers.some((c) => !isNothing(c.resources?.requests?.['cpu'])),
      path: ['template', 'spec', 'containers'],
    },
  ],
).describe('A part of the application that runs in pods of its own.');

/** Absent, or a quantity whose digits are all zero. */
function isNothing(quantity: string | number | undefined): boolean {
  return quantity === undefined || /^0*[.]?0*([a-zA-Z].*)?$/.test(String(quantity));
}

const edge = withRules(
  z.strictObject({
    from: dnsLabel().describe('Microservice that calls.'),
    to: dnsLabel().describe('Microservice that is called.'),
    payload: amount().default('0').describe('Bytes of one call.'),
    callsPerRequest: amount()
      .default('1')
      .describe('Calls for each request that reaches the caller; they go out together.'),
    maxLatency: duration().optional().describe('Limit of the transfer of one call.'),
    minBandwidth: amount().optional().describe('Least bandwidth to reserve, in bit/s.'),
    sync: z
      .boolean()
      .default(false)
      .describe('Whether this input counts in the synchronisation of the join.'),
    protocol: z.enum(['HTTP', 'GRPC', 'TCP', 'UDP']).default('HTTP').describe('Protocol of the call.'),
  }),
  [{ cel: 'self.from != self.to', message: 'a microservice must not call itself', fieldPath: '.to' }],
).describe('Calls from one microservice to another.');

const placement = z
  .strictObject({
    candidates: z
      .int()
      .min(1)
      .max(16)
      .default(3)
      .describe('Nodes a pod is pinned to, in order of preference.'),
    fallback: z
      .strictObject({
        after: duration().default('30s').describe('How long a pod waits for a decision.'),
        mode: z
          .enum(['Release', 'Hold'])
          .default('Release')
          .describe('Release lets the scheduler choose after that time; Hold keeps the pod waiting.'),
      })
      .prefault({})
      .describe('What happens to a pod that nobody decides about.'),
    moveBudget: z
      .int()
      .min(0)
      .max(1024)
      .default(2)
      .describe('Most running replicas that one replan may move.'),
  })
  .describe('How plans become placements.');

const MECHANISMS = ['Auto', 'Mesh', 'Xds', 'Gateway', 'EndpointSubset', 'Uniform'] as const;

/** Both ends of every edge are there. Naming the edge in CEL costs more than the API server allows; the parser's own check does. */
const EDGES_MEET =
  'self.edges.all(e, self.microservices.exists(m, m.name == e.from) && self.microservices.exists(m, m.name == e.to))';

/** What is asked for. */
export const serviceDAGSpec = withRules(
  z.strictObject({
    class: z.enum(['Immersive', 'Massive', 'Twin']).default('Massive').describe('Kind of traffic.'),
    slice: labelValue().optional().describe('Network slice; the class in lower case when absent.'),
    tenant: labelValue()
      .optional()
      .describe('Who pays; the namespace when absent. Fairness is reported per tenant.'),
    ingress: z.array(ingress).max(64).default([]).describe('Who calls, from where.'),
    qos: qos.prefault({}),
    microservices: z
      .array(microservice)
      .min(1)
      .max(64)
      .meta(listMap('name'))
      .describe('Microservices of the application.'),
    edges: z
      .array(edge)
      .max(256)
      .meta(listMap('from', 'to'))
      .default([])
      .describe('Who calls whom; no cycle.'),
    placement: placement.prefault({}),
    routing: z
      .strictObject({
        mechanism: z.enum(MECHANISMS).default('Auto').describe('Auto takes the best one the cluster has.'),
      })
      .prefault({})
      .describe('How calls are spread over replicas.'),
  }),
  [
    {
      cel: EDGES_MEET,
      message: 'an edge names a microservice that does not exist',
      fieldPath: '.edges',
    },
  ],
).describe('What is asked for.');

/** The whole object, as the parser reads it. */
export const serviceDAG = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('ServiceDAG'),
  metadata: objectMeta.extend({ name: dnsLabel() }),
  spec: serviceDAGSpec,
  status: serviceDAGStatus.optional(),
});

/** Spec after defaults. */
export type ServiceDAGSpec = z.output<typeof serviceDAGSpec>;

/** Spec as people write it. */
export type ServiceDAGSpecInput = z.input<typeof serviceDAGSpec>;

/** What the controllers report. */
export type ServiceDAGStatus = z.output<typeof serviceDAGStatus>;

/** An application that is a graph of microservices. */
export interface ServiceDAG {
  apiVersion: typeof API_VERSION;
  kind: 'ServiceDAG';
  metadata: ObjectMeta;
  spec: ServiceDAGSpec;
  status?: ServiceDAGStatus | undefined;
}
