import { z } from 'zod';
import { amount, duration, positiveDuration, probability } from '#crds/fields.ts';
import { BANDS } from '#crds/meta.ts';
import { DURATION, durationMicros } from '#crds/quantity.ts';
import { numberRange, quantityRange } from './city.ts';

const micros = (text: string): number => (DURATION.test(text) ? durationMicros(text) : 0);

const graphs = z
  .discriminatedUnion('from', [
    z
      .strictObject({ from: z.literal('shipped') })
      .describe(
        'Online Boutique as measured, muBench’s work models and TeaStore; a larger graph is cut to its first stages from the entry.',
      ),
    z
      .strictObject({
        from: z.literal('alibaba'),
        mostVisits: z
          .int()
          .min(1)
          .max(100)
          .default(4)
          .describe('Graphs in which one request meets a stage more often are left out.'),
      })
      .describe('Call graphs of production services: a service is drawn evenly, then its graph by requests.'),
    z
      .strictObject({
        from: z.literal('generated'),
        depth: z
          .tuple([z.int().min(1).max(64), z.int().min(1).max(64)])
          .default([3, 5])
          .describe('Layers, least and most.'),
        joins: z
          .number()
          .min(0)
          .max(1)
          .default(0.3)
          .describe('Share of the stages that a second stage calls too.'),
      })
      .describe('Layered random graphs.'),
  ])
  .describe('Who calls whom.');

const work = z
  .discriminatedUnion('from', [
    z
      .strictObject({
        from: z.literal('nezha'),
        scale: z.number().positive().max(100).default(1).describe('Factor on the times.'),
        most: positiveDuration().default('60s').describe('Longer times are drawn again.'),
      })
      .describe(
        'Median service times measured in Online Boutique; a stage takes that long at its CPU request on a server of middle speed.',
      ),
    z
      .strictObject({
        from: z.literal('uniform'),
        instructions: quantityRange().describe('Least and most instructions.'),
        per: z
          .enum(['stage', 'request'])
          .default('stage')
          .describe('Whether each stage costs so much, or all stages of a request together.'),
      })
      .describe('Instructions drawn evenly.'),
  ])
  .describe('What a request costs a stage.');

const limit = z
  .strictObject({
    range: z
      .tuple([positiveDuration(), positiveDuration()])
      .refine(([least, most]) => micros(least) <= micros(most), {
        error: 'the least must not be above the most: swap them',
      })
      .describe('Least and most limit of the end-to-end latency.'),
    slack: z
      .number()
      .min(1)
      .max(100)
      .optional()
      .describe(
        'The limit is this much times the latency of a local plan on middle servers (queues at the sized load included), kept ' +
          'within the range. Drawn evenly from the range when absent.',
      ),
  })
  .describe('Limit of the end-to-end latency.');

const replicas = z
  .strictObject({
    min: z.int().min(1).max(256).default(1).describe('Replicas that always run, at least.'),
    load: z
      .number()
      .positive()
      .max(0.95)
      .optional()
      .describe(
        'Start so many that each is busy for at most this share of the time at the mean rate. As `min` says when absent.',
      ),
    growth: z.number().min(1).max(16).default(2).describe('Most replicas, times those at the start.'),
  })
  .describe('How many replicas run.');

const applicationClass = z
  .strictObject({
    share: z.number().min(0).max(1).describe('Share of the applications.'),
    kind: z.enum(['Immersive', 'Massive', 'Twin']).describe('Class of the ServiceDAG.'),
    stages: z
      .tuple([z.int().min(1).max(64), z.int().min(1).max(64)])
      .refine(([least, most]) => least <= most, {
        error: 'the least must not be above the most: swap them',
      })
      .describe('Microservices, least and most.'),
    cpu: numberRange(0.01, 1024).describe('vCPUs that a replica requests, drawn evenly.'),
    memory: quantityRange().describe('Memory that a replica requests, drawn evenly.'),
    work,
    payload: amount().describe('Mean bytes of one request.'),
    messages: quantityRange().describe('Bytes of a call between stages, drawn evenly.'),
    requestsPerSecond: numberRange(0, 1_000_000).describe(
      'Mean requests/s of one application, drawn evenly; what replicas and limits are sized for.',
    ),
    band: z.enum(BANDS).describe('Radio band of its users; the city must have it.'),
    limit,
    maxSync: duration()
      .optional()
      .describe('Limit of the spread between the inputs of a join; no sync when absent.'),
    minSuccess: probability().default('0.99').describe('Least probability that a request succeeds.'),
    replicas: replicas.prefault({}),
  })
  .describe('A class of applications.');

/** What runs in the city. */
export const applicationsSpec = z
  .strictObject({
    count: z.int().min(1).max(10_000).describe('How many applications.'),
    tenants: z.int().min(1).max(1000).default(8).describe('Who owns them, in turn.'),
    crossRegion: z
      .tuple([z.number().min(0).max(1), z.number().min(0).max(1)])
      .refine(([least, most]) => least <= most, {
        error: 'the least must not be above the most: swap them',
      })
      .default([0.2, 0.35])
      .describe('Share of an application’s demand from outside its home region.'),
    graphs,
    classes: z
      .record(
        z.string().regex(/^[a-z][a-z0-9]{0,30}$/, { error: 'must be a short lower case word, such as xr' }),
        applicationClass,
      )
      .refine((classes) => Math.abs(Object.values(classes).reduce((s, c) => s + c.share, 0) - 1) < 1e-6, {
        error: 'the shares of the classes must sum to 1',
      })
      .describe('Classes by name, which is also their slice.'),
  })
  .describe('What runs in the city.');

/** After defaults. */
export type ApplicationsSpec = z.output<typeof applicationsSpec>;
/** After defaults. */
export type ClassSpec = z.output<typeof applicationClass>;
