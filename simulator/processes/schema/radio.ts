import { z } from 'zod';

const loss = (): z.ZodNumber => z.number().min(0).max(1);

const common = {
  roundTrip: z
    .boolean()
    .default(false)
    .describe('Add the way back over the air too; the world model counts only the way in.'),
};

/** The air interface. A profile takes the place of the band’s latency; entries without a band stay without a radio term. */
export const radioSpec = z
  .discriminatedUnion('profile', [
    z.strictObject({ profile: z.literal('none') }).describe('The band’s latency as it is, and no loss.'),
    z
      .strictObject({ profile: z.literal('band') })
      .describe(
        'Normal around the band’s latency with its jitter, lost as its success says: what the world model assumes.',
      ),
    z
      .strictObject({ profile: z.literal('urllc'), loss: loss().default(0.00001), ...common })
      .describe(
        '28 GHz URLLC prototype: median 0.67 ms up and 0.75 ms down. Loss is the URLLC target, not measured.',
      ),
    z
      .strictObject({ profile: z.literal('today'), loss: loss().default(0.0001), ...common })
      .describe('Stand-alone 5G at 3.7 GHz: median 6.4 ms up and 5.3 ms down. Loss is assumed.'),
    z
      .strictObject({
        profile: z.literal('driving'),
        road: z
          .enum(['urban', 'arterial', 'weak-to-strong'])
          .default('urban')
          .describe('Where the car drove.'),
        loss: loss().optional().describe('Loss of one request; as recorded on that road when absent.'),
        ...common,
      })
      .describe(
        'Car on a road over 5G (CICV5G): half of the recorded round trip each way, its part beyond the air included.',
      ),
    z
      .strictObject({
        profile: z.literal('recorded'),
        set: z
          .enum(['PD-Wireless-5G-2a', 'PD-Wireless-5G-3a', 'PD-Wireless-5G-4a'])
          .describe('Full histograms of DETERMINISTIC6G, read from the data folder.'),
        loss: loss().default(0),
        ...common,
      })
      .describe('Recorded one-way delays.'),
    z
      .strictObject({
        profile: z.literal('quantiles'),
        millis: z
          .array(z.tuple([z.number().min(0).max(1), z.number().min(0)]))
          .min(2)
          .max(1001)
          .refine((list) => list[0]?.[0] === 0 && list.at(-1)?.[0] === 1, {
            error: 'the first point must be at probability 0 and the last at 1',
          })
          .refine(
            (list) =>
              list.every(([p, q], i) => {
                const [before, least] = list[i - 1] ?? [-1, 0];
                return p > before && q >= least;
              }),
            { error: 'probabilities must rise, and delays must not fall' },
          )
          .describe('[probability, one-way delay in ms], from 0 to 1; straight lines between them.'),
        loss: loss().default(0),
        ...common,
      })
      .describe('Own quantiles.'),
  ])
  .describe('The air interface.');

/** After defaults. */
export type RadioSpec = z.output<typeof radioSpec>;
