import { z } from 'zod';

const cv = (): z.ZodNumber => z.number().min(0).max(10);

/** Bytes of a request. */
const payload = z
  .discriminatedUnion('law', [
    z.strictObject({ law: z.literal('fixed') }).describe('What the ingress entry says.'),
    z
      .strictObject({
        law: z.literal('lognormal'),
        mean: z
          .number()
          .positive()
          .max(1000)
          .default(1)
          .describe('Mean, times the payload of the ingress entry.'),
        cv: cv()
          .default(0.8667)
          .describe('Standard deviation over mean; the paper’s 1.3 MB over 1.5 MB when absent.'),
      })
      .describe('Lognormal around what the ingress entry says.'),
    z
      .strictObject({
        law: z.literal('frames'),
        set: z
          .string()
          .regex(/^(nokia-480p|(vp|mc|ge_cities)_[1-5]0mbps_(30|60)fps)$/, {
            error: 'must be nokia-480p, or a trace such as vp_50mbps_60fps',
          })
          .default('nokia-480p')
          .describe('nokia-480p is in the repository; the VR traces are read from the data folder.'),
        sizes: z
          .enum(['relative', 'recorded'])
          .default('relative')
          .describe('relative: mean as the ingress entry says; recorded: the bytes of the recording.'),
      })
      .describe('Sizes drawn from recorded video frames.'),
  ])
  .describe('Bytes of a request.');

/** Work of one stage. */
const service = z
  .discriminatedUnion('law', [
    z.strictObject({ law: z.literal('deterministic') }).describe('What the spec says.'),
    z.strictObject({ law: z.literal('exponential') }).describe('Exponential with that mean.'),
    z
      .strictObject({
        law: z.literal('lognormal'),
        cv: cv().default(0.5).describe('Standard deviation over mean.'),
      })
      .describe('Lognormal with that mean.'),
  ])
  .describe('Work of one stage of one request.');

/** Sizes of requests. */
export const workSpec = z
  .strictObject({
    payload: payload.prefault({ law: 'fixed' }),
    service: service.prefault({ law: 'deterministic' }),
  })
  .describe('Sizes of requests.');

/** After defaults. */
export type WorkSpec = z.output<typeof workSpec>;
