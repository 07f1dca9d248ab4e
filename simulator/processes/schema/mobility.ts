import { z } from 'zod';
import { duration, positiveDuration } from '#crds/fields.ts';

const association = {
  groups: z
    .int()
    .min(1)
    .max(10_000)
    .default(400)
    .describe(
      'Groups of users that move together; each stands for an equal share of its home region’s demand.',
    ),
  every: positiveDuration().default('10s').describe('Time between two looks at where a group is.'),
  hysteresisMetres: z
    .number()
    .min(0)
    .max(100_000)
    .default(50)
    .describe('A group changes its site only when another is nearer by more than this.'),
  interruption: duration()
    .default('30ms')
    .describe('After a handover the group has no radio for so long: its requests wait until then.'),
};

/** How users move between sites. */
export const mobilitySpec = z
  .discriminatedUnion('model', [
    z.strictObject({ model: z.literal('none') }).describe('Nobody moves.'),
    z
      .strictObject({
        model: z.literal('taxis'),
        set: z
          .enum(['mobility-shanghai-taxi', 'mobility-sf-cabspotting'])
          .default('mobility-shanghai-taxi')
          .describe('Recorded positions.'),
        pace: z
          .union([z.enum(['static', 'walking', 'driving', 'accelerated']), z.number().min(0).max(100)])
          .default('driving')
          .describe('Time scaling of the recording: 0, 0.2, 1 and 4, or a number.'),
        fit: z
          .enum(['stretch', 'as-recorded'])
          .default('stretch')
          .describe(
            'stretch maps the middle 96 % of the recorded positions onto the box of the city’s sites; as-recorded takes coordinates as ' +
              'they are.',
          ),
        ...association,
      })
      .describe('Each group follows a recorded taxi from a moment of its own.'),
    z
      .strictObject({
        model: z.literal('waypoint'),
        speedKmh: z
          .tuple([z.number().positive().max(1000), z.number().positive().max(1000)])
          .default([3, 50])
          .refine(([least, most]) => least <= most, { error: 'the least speed must not be above the most' })
          .describe('Least and most speed of a trip.'),
        pause: duration().default('2m').describe('Mean stay at a destination (exponential).'),
        ...association,
      })
      .describe('Random waypoint on the sites: trips in straight lines to sites drawn by weight.'),
  ])
  .describe('How users move between sites.');

/** After defaults. */
export type MobilitySpec = z.output<typeof mobilitySpec>;
