import { isIP } from 'node:net';
import { z } from 'zod';
import {
  boundedMap,
  dnsLabel,
  duration,
  labelValue,
  natural,
  positiveAmount,
  positiveDuration,
  ppm,
  probability,
  text,
  vertexName,
} from './fields.ts';
import { API_VERSION, BANDS, objectMeta } from './meta.ts';
import type { ObjectMeta } from './meta.ts';
import { listMap, withRules } from './rule.ts';
import { conditions } from './status.ts';

const link = withRules(
  z.strictObject({
    from: vertexName().describe('One end: a node, a waypoint or the name of a region (its gateway).'),
    to: vertexName().describe('The other end.'),
    latency: duration().describe('Time from end to end.'),
    jitter: duration().optional().describe('Standard deviation of the latency; none when absent.'),
    bandwidth: positiveAmount().describe('Capacity of each direction, in bit/s.'),
    success: probability().optional().describe('Probability that a transfer arrives; 1 when absent.'),
    slices: z
      .array(labelValue())
      .min(1)
      .max(32)
      .optional()
      .describe('Slices the link carries; all when absent.'),
    oneWay: z.boolean().default(false).describe('Whether it leads only from "from" to "to".'),
  }),
  [
    {
      cel: 'self.from != self.to',
      message: 'a link must lead somewhere else: from and to are the same',
      fieldPath: '.to',
      holds: ({ from, to }) => from !== to,
      path: ['to'],
    },
  ],
).describe('A link of the infrastructure graph, both ways (full duplex) unless oneWay.');

const topology = z
  .strictObject({
    attachment: z
      .strictObject({
        latency: duration().describe('Time between a node and the gateway.'),
        bandwidth: positiveAmount().describe('Capacity of each direction, in bit/s.'),
      })
      .optional()
      .describe('Link between this gateway and each node of the region that has no link of its own.'),
    waypoints: z
      .array(vertexName())
      .max(256)
      .meta({ 'x-kubernetes-list-type': 'set' })
      .default([])
      .describe('Switches and routers that only forward; several regions may name the same.'),
    links: z
      .array(link)
      .max(4096)
      .default([])
      .describe('Links; those of all regions together make the infrastructure graph.'),
  })
  .describe('This region’s part of the infrastructure graph.');

const band = z
  .strictObject({
    name: z.enum(BANDS).describe('Name of the band.'),
    latency: duration().describe('Time over the air.'),
    jitter: duration().optional().describe('Standard deviation of the latency; none when absent.'),
    bandwidth: positiveAmount().describe('Rate of one user, in bit/s.'),
    success: probability().optional().describe('Probability that a transfer arrives; 1 when absent.'),
  })
  .describe('A radio band.');

const agent = z
  .strictObject({
    policy: z.string().min(1).max(128).default('search').describe('search, or the name of a trained model.'),
    period: positiveDuration().default('1s').describe('How often the agent looks.'),
    trust: z
      .strictObject({
        sensitivity: positiveAmount().default('4').describe('How fast trust falls with the error of plans.'),
        max: probability().default('0.95').describe('Most trust a plan can earn.'),
      })
      .prefault({})
      .describe('How far the agent follows plans.'),
  })
  .describe('The agent of this region.');

const pool = z
  .strictObject({
    cidr: withRules(z.string().max(43), [
      {
        cel: 'isCIDR(self)',
        message: 'must be a network such as 10.42.16.0/20',
        holds: isCidr,
      },
    ]).describe('Addresses of the region’s pods.'),
  })
  .describe('Calico IPPool of this region, when Calico is there.');

function isCidr(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  const version = isIP(address);
  return (
    version !== 0 &&
    rest.length === 0 &&
    /^(0|[1-9][0-9]{0,2})$/.test(bits) &&
    Number(bits) <= (version === 4 ? 32 : 128)
  );
}

/** What the region is. */
export const edgeRegionSpec = z
  .strictObject({
    tier: z.enum(['Edge', 'Cloud']).default('Edge').describe('Edge, or the cloud behind it.'),
    nodeSelector: z
      .strictObject({
        matchLabels: boundedMap(z.string().max(63), { min: 1, max: 32 }).describe(
          'Labels that every node of the region carries.',
        ),
      })
      .describe('Which nodes are in the region; selectors of regions are disjoint.'),
    topology: topology.prefault({}),
    radio: z
      .strictObject({
        bands: z
          .array(band)
          .max(BANDS.length)
          .meta(listMap('name'))
          .default([])
          .describe('Radio bands in front of the gateway.'),
      })
      .prefault({})
      .describe('Radio access of the region.'),
    agent: agent.prefault({}),
    pool: pool.optional(),
  })
  .describe('What the region is.');

const resources = (what: string): z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>> =>
  boundedMap(text(32), { max: 64 }).describe(what).optional();

const status = z
  .strictObject({
    observedGeneration: natural().optional().describe('Generation of the spec this status is about.'),
    conditions: conditions('Accepted, AgentReady, Networked, Ready'),
    nodes: natural().optional().describe('Nodes in the region.'),
    capacity: resources('What they offer, as quantities by resource.'),
    allocated: resources('What runs on them takes, as quantities by resource.'),
    trustPpm: ppm().optional().describe('How far the agent follows plans now (κ), in parts per million.'),
    driftPpm: natural()
      .optional()
      .describe('Relative difference between predicted and realised (δ), in parts per million.'),
    links: z
      .array(
        z
          .strictObject({
            from: text(253).describe('One end.'),
            to: text(253).describe('The other end.'),
            measuredLatencyMicros: natural().describe('Latency that was measured, in microseconds.'),
            at: text(64).meta({ format: 'date-time' }).optional().describe('When.'),
          })
          .describe('Measurement of one link.'),
      )
      .max(4096)
      .meta(listMap('from', 'to'))
      .optional()
      .describe('Measured links.'),
  })
  .describe('What is there.');

/** The whole object, as the parser reads it. */
export const edgeRegion = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('EdgeRegion'),
  metadata: objectMeta.extend({ name: dnsLabel() }),
  spec: edgeRegionSpec,
  status: status.optional(),
});

/** Status schema, for the generator. */
export { status as edgeRegionStatus };

/** Spec after defaults. */
export type EdgeRegionSpec = z.output<typeof edgeRegionSpec>;

/** Spec as people write it. */
export type EdgeRegionSpecInput = z.input<typeof edgeRegionSpec>;

/** What the controllers report. */
export type EdgeRegionStatus = z.output<typeof status>;

/** A part of the infrastructure with one gateway and one agent. */
export interface EdgeRegion {
  apiVersion: typeof API_VERSION;
  kind: 'EdgeRegion';
  metadata: ObjectMeta;
  spec: EdgeRegionSpec;
  status?: EdgeRegionStatus | undefined;
}
