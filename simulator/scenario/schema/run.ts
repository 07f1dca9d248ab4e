import { z } from 'zod';
import { duration, positiveDuration } from '#crds/fields.ts';
import { DURATION, durationMicros } from '#crds/quantity.ts';

const micros = (text: string): number => (DURATION.test(text) ? durationMicros(text) : 0);

/** How the city is run. */
export const runSpec = z
  .strictObject({
    duration: positiveDuration().describe('Simulated time.'),
    warmup: duration().default('0s').describe('Requests that arrive before are served but not counted.'),
    period: positiveDuration().default('1s').describe('How often agents look.'),
    window: positiveDuration()
      .default('10m')
      .describe('How often the planner plans; the paper’s 10 minutes.'),
    sampledShare: z
      .number()
      .positive()
      .max(1)
      .default(1)
      .describe('Share of each period in which requests are simulated; rates are corrected by it.'),
    patience: positiveDuration().default('1s').describe('How long a client waits before it gives up.'),
    coldStart: z
      .strictObject({
        image: duration().default('8s').describe('To pull an image that the node has not run before.'),
        start: duration().default('2s').describe('To start a container and become ready.'),
      })
      .prefault({})
      .describe('What a new replica costs in time.'),
    detection: duration()
      .default('10s')
      .describe('How long a lost replica goes unnoticed; a stock cluster takes 40 s and more.'),
  })
  .refine((run) => micros(run.warmup) < micros(run.duration) || micros(run.duration) === 0, {
    error: 'must be shorter than `duration`, or nothing is counted',
    path: ['warmup'],
  })
  .describe('How the city is run.');
