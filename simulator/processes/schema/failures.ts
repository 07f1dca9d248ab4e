import { z } from 'zod';
import { duration, positiveDuration, vertexName } from '#crds/fields.ts';

const when = {
  at: duration().describe('When it fails.'),
  for: positiveDuration().optional().describe('How long until it is repaired; never when absent.'),
};

const scripted = z
  .union(
    [
      z.strictObject({ ...when, node: vertexName().describe('Node that fails.') }),
      z.strictObject({
        ...when,
        link: z
          .strictObject({ from: vertexName(), to: vertexName() })
          .describe('Ends of the link that fails, in the order of the region’s list.'),
      }),
      z.strictObject({
        ...when,
        region: vertexName().describe('Region that fails: its nodes and its gateway.'),
      }),
    ],
    { error: 'must have `at`, maybe `for`, and one of `node`, `link: {from, to}` and `region`' },
  )
  .describe('One failure.');

const lives = z
  .strictObject({
    mtbf: positiveDuration().describe('Mean time from a repair to the next failure (exponential).'),
    mttr: positiveDuration().describe('Mean time to repair (exponential).'),
  })
  .describe('Random lives of each.');

const outage = z
  .strictObject({
    at: duration().describe('When it happens.'),
    share: z
      .number()
      .min(0)
      .max(1)
      .describe('Share of the edge nodes that fail at once; the paper takes 0.05 to 0.25.'),
    for: positiveDuration().optional().describe('How long; never repaired when absent.'),
  })
  .describe('Many nodes at once, drawn evenly.');

const drift = z
  .strictObject({
    every: positiveDuration().default('1m').describe('Time between two changes of a node’s speed.'),
    deviation: z
      .number()
      .positive()
      .max(1)
      .default(0.05)
      .describe('Standard deviation of one change of the logarithm of the speed.'),
    least: z.number().positive().max(1).default(0.5).describe('Slowest share of the node’s speed.'),
    most: z.number().min(1).max(4).default(1).describe('Fastest share of the node’s speed.'),
  })
  .describe('Speed of each node as a random walk, reflected at both ends; constant in between.');

/** What breaks and slows down. */
export const failuresSpec = z
  .strictObject({
    scripted: z.array(scripted).max(10_000).default([]).describe('Failures at given times.'),
    random: z
      .strictObject({
        nodes: lives.optional(),
        links: lives.optional(),
        regions: lives.optional(),
      })
      .prefault({})
      .describe('Failures at random times.'),
    outages: z.array(outage).max(1000).default([]).describe('Failures of many nodes at once.'),
    drift: drift.optional(),
  })
  .describe('What breaks and slows down.');

/** After defaults. */
export type FailuresSpec = z.output<typeof failuresSpec>;
