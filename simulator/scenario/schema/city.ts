import { z } from 'zod';
import { duration, positiveAmount, probability } from '#crds/fields.ts';
import { BANDS } from '#crds/meta.ts';
import { quantity } from '#crds/quantity.ts';

/** Least and most of a quantity, such as [8Gi, 16Gi]. */
export const quantityRange = (): z.ZodType<[string | number, string | number]> =>
  z.tuple([positiveAmount(), positiveAmount()]).refine(([least, most]) => atMost(least, most), {
    error: 'the least must not be above the most: swap them',
  });

function atMost(least: string | number, most: string | number): boolean {
  try {
    return quantity(least) <= quantity(most);
  } catch {
    return true; // no quantity at all: its own field says so
  }
}

/** Least and most of a number. */
export const numberRange = (least: number, most: number): z.ZodType<[number, number]> =>
  z
    .tuple([z.number().min(least).max(most), z.number().min(least).max(most)])
    .refine(([a, b]) => a <= b, { error: 'the least must not be above the most: swap them' });

const sites = z
  .discriminatedUnion('from', [
    z
      .strictObject({ from: z.literal('melbourne-cbd') })
      .describe('125 base stations of Melbourne’s centre, weighted by users; in this repository.'),
    z
      .strictObject({ from: z.literal('shanghai') })
      .describe(
        'Base stations of Shanghai with sessions, weighted by minutes; those outside 30.6 to 31.9 N, 120.8 to 122.2 E left out.',
      ),
    z
      .strictObject({ from: z.literal('milan') })
      .describe('LTE sites of Milan, weighted by the base stations merged into each.'),
    z
      .strictObject({
        from: z.literal('generated'),
        count: z.int().min(1).max(20_000).default(4328).describe('How many base stations.'),
        radiusKm: z.number().positive().max(200).default(12).describe('Size of the city.'),
        centres: z.int().min(1).max(100).default(5).describe('Hot spots around which the stations gather.'),
      })
      .describe('Base stations drawn around hot spots, of equal weight.'),
  ])
  .describe('Where users attach.');

const machine = {
  cpu: numberRange(1, 1024).describe('Whole vCPUs of a server, least and most.'),
  memory: quantityRange().describe('Memory of a server, least and most.'),
  mipsPerCpu: numberRange(100, 100_000).describe(
    'Million instructions per second of one vCPU, drawn evenly.',
  ),
};

const links = z
  .strictObject({
    access: quantityRange().describe('Bandwidth between a server and its gateway, in bit/s.'),
    regional: quantityRange().describe('Bandwidth between gateways, in bit/s.'),
    microsPerKm: z.number().min(0).max(100).default(5).describe('Light in glass, microseconds per km.'),
    detour: z.number().min(1).max(10).default(1.6).describe('Length of a duct over the beeline.'),
    accessSwitch: duration().default('120us').describe('What switches add on the way to the gateway.'),
    regionalSwitch: duration().default('500us').describe('What routers add between two gateways.'),
    success: probability().default('0.99999').describe('Probability that a transfer arrives, each link.'),
  })
  .describe('Backhaul: a star in each region, and gateways joined to their neighbours.');

const cloud = z
  .strictObject({
    servers: z.int().min(1).max(1000).describe('How many.'),
    ...machine,
    latency: duration().describe('From the gateway in the middle of the list, one way.'),
    bandwidth: positiveAmount().describe('Of that way, in bit/s.'),
  })
  .describe('A cloud behind the city.');

/** Where users are and what serves them. */
export const citySpec = z
  .strictObject({
    sites,
    servers: z
      .int()
      .min(1)
      .max(5000)
      .describe('Edge servers: sites are clustered into so many catchments by demand.'),
    regions: z.int().min(1).max(256).describe('Regions, each with a gateway and an agent.'),
    ...machine,
    sizedBy: z
      .enum(['demand', 'chance'])
      .default('demand')
      .describe('demand gives the largest servers and links to the heaviest catchments; chance draws them.'),
    links,
    bands: z
      .array(
        z.strictObject({
          name: z.enum(BANDS),
          latency: duration(),
          jitter: duration().optional(),
          bandwidth: positiveAmount(),
          success: probability().optional(),
        }),
      )
      .min(1)
      .describe('Radio in front of every gateway.'),
    cloud: cloud.optional(),
  })
  .refine(({ regions, servers }) => regions <= servers, {
    error: 'must not be above `servers`, or a region has no nodes: ask for fewer regions or more servers',
    path: ['regions'],
  })
  .describe('Where users are and what serves them.');

/** After defaults. */
export type CitySpec = z.output<typeof citySpec>;
