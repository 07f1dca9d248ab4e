import { z } from 'zod';
import { duration, positiveDuration, vertexName } from '#crds/fields.ts';
import { DURATION, durationMicros } from '#crds/quantity.ts';

const ratio = (): z.ZodNumber => z.number().min(0).max(1000);
const share = (): z.ZodNumber => z.number().min(0).max(1);

/** Least and most requests/s of one region of a tier. */
const rates = z.tuple([z.number().min(0), z.number().min(0)]).refine(([least, most]) => least <= most, {
  error: 'the least rate must not be above the most: swap them',
});

const space = z
  .discriminatedUnion('by', [
    z
      .strictObject({ by: z.literal('ingress') })
      .describe('The rates that the DAGs say in `spec.ingress[].requestsPerSecond`.'),
    z
      .strictObject({ by: z.literal('sites') })
      .describe(
        'The city keeps the total of its ingress rates, and each region gets the share that its sites weigh.',
      ),
    z
      .strictObject({
        by: z.literal('tiers'),
        urban: z
          .strictObject({ share: share().default(0.25), rate: rates.default([150, 400]) })
          .prefault({})
          .describe('The heaviest regions: their share of all regions, requests/s of each.'),
        medium: z
          .strictObject({ share: share().default(0.35), rate: rates.default([80, 200]) })
          .prefault({})
          .describe('The next regions.'),
        suburban: z
          .strictObject({ rate: rates.default([10, 50]) })
          .prefault({})
          .describe('All other regions.'),
      })
      .refine(({ urban, medium }) => urban.share + medium.share <= 1, {
        error: 'the shares of urban and medium regions must not sum to more than 1',
        path: ['medium', 'share'],
      })
      .describe(
        'As in the paper: a region’s rate is drawn evenly from its tier’s range and split over its sources as their ingress rates are.',
      ),
  ])
  .describe('Where demand is.');

const points = z
  .array(z.strictObject({ at: duration(), factor: ratio() }))
  .min(1)
  .max(10_000)
  .refine((list) => list.some(({ factor }) => factor > 0), { error: 'one factor must be above 0' })
  .refine((list) => list.every(({ at }, i) => i === 0 || momentOf(at) >= momentOf(list[i - 1]?.at ?? '')), {
    error: 'the points must be in order of time',
  });

/** Microseconds, or -1 of a text that its own field refuses. */
const momentOf = (text: string): number => (DURATION.test(text) ? durationMicros(text) : -1);

const time = z
  .discriminatedUnion('curve', [
    z.strictObject({ curve: z.literal('flat') }).describe('No change in time.'),
    z
      .strictObject({
        curve: z.literal('daily'),
        start: duration().default('0h').describe('Time of day when the run starts.'),
      })
      .describe('A day of 24 hours, quiet at night and busiest at 20:00, about 20 to 1; its mean is 1.'),
    z
      .strictObject({
        curve: z.literal('points'),
        points: points.describe('Factors in order of time; straight lines between them, and round again.'),
        period: positiveDuration().default('24h').describe('After how long the curve starts again.'),
        normalise: z.boolean().default(true).describe('Scale the factors so that their mean is 1.'),
      })
      .refine(({ points, period }) => momentOf(points.at(-1)?.at ?? '') < Math.max(0, momentOf(period)), {
        error: 'the last point must be before the end of the period: make the period longer',
        path: ['period'],
      })
      .describe('Own points.'),
    z
      .strictObject({
        curve: z.literal('worldcup98'),
        from: z
          .string()
          .regex(/^1998-\d\d-\d\d \d\d:\d\d$/, { error: 'must be a minute such as "1998-06-10 00:00"' })
          .default('1998-06-10 00:00')
          .describe('First minute of the recording to use.'),
        minutes: z.int().min(1).max(80_000).default(1440).describe('How many minutes; then round again.'),
      })
      .describe('Requests per minute of the 1998 World Cup’s web site, scaled to a mean of 1.'),
    z
      .strictObject({
        curve: z.literal('azure-functions'),
        leastInvocations: z
          .int()
          .min(1)
          .default(1440)
          .describe('Take only functions that were called at least so often in the recorded day.'),
      })
      .describe(
        'Each source follows the 1,440 minutes of a recorded function of its own, scaled to a mean of 1.',
      ),
  ])
  .describe('How demand changes in time.');

const bursts = z
  .strictObject({
    sessions: z
      .int()
      .min(1)
      .max(256)
      .default(16)
      .describe('Independent ON/OFF sessions of which each source consists.'),
    on: positiveDuration().default('2s').describe('Mean time that a session sends.'),
    off: positiveDuration().default('4s').describe('Mean time that a session is silent.'),
    shape: z
      .number()
      .min(1.05)
      .max(10)
      .default(1.5)
      .describe('Shape of both Pareto laws; below 2 their variance is infinite: bursts at every scale.'),
  })
  .describe('Pareto ON/OFF sessions. The mean rate stays as it is.');

const flashCrowd = z
  .strictObject({
    at: duration().describe('When it begins.'),
    for: positiveDuration().describe('How long demand stays at the peak, after the ramp.'),
    factor: z.number().min(0).max(1000).describe('Demand at the peak, times the usual.'),
    ramp: duration().default('0s').describe('Time to climb to the peak, and as long to come down.'),
    regions: z.array(vertexName()).min(1).optional().describe('Regions it happens in; all when absent.'),
    dags: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('DAGs that are called, as namespace/name; all when absent.'),
  })
  .describe('Many people at one place at one time.');

/** Requests: where, when, how bursty. */
export const arrivalsSpec = z
  .strictObject({
    gaps: z
      .enum(['exponential', 'genai-alibaba'])
      .default('exponential')
      .describe(
        'Law of the gaps between requests before demand is modulated: exponential makes a Poisson process; a recorded set is ' +
          'replayed from a place of its own per source, scaled to the source’s rate.',
      ),
    total: z
      .number()
      .positive()
      .optional()
      .describe('Mean requests/s of the whole city: scales what `space` says. As it is when absent.'),
    scale: z.number().positive().max(1000).default(1).describe('Factor on every mean rate.'),
    crossRegion: share()
      .optional()
      .describe(
        'Share of each DAG’s demand that enters through ingress entries other than its first; the paper says 0.2 to 0.35. As the ' +
          'entries’ rates say when absent.',
      ),
    space: space.prefault({ by: 'ingress' }),
    time: time.prefault({ curve: 'flat' }),
    bursts: bursts.optional(),
    flashCrowds: z.array(flashCrowd).max(256).default([]).describe('Flash crowds.'),
    samplingPeriod: positiveDuration()
      .optional()
      .describe(
        'When only a share of the time is sampled: requests arrive in the first part of every period of this length. The control ' +
          'period when absent.',
      ),
  })
  .describe('Requests: where, when, how bursty.');

/** After defaults. */
export type ArrivalsSpec = z.output<typeof arrivalsSpec>;
