import { z } from 'zod';
import { natural, ppm, text } from './fields.ts';
import { listMap } from './rule.ts';

/** A condition of the Kubernetes API conventions (metav1.Condition). */
export const condition = z
  .strictObject({
    type: text(64).describe('What the condition is about, in CamelCase.'),
    status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
    observedGeneration: natural().optional().describe('Generation of the spec this was concluded from.'),
    lastTransitionTime: text(64).meta({ format: 'date-time' }).describe('When the status last changed.'),
    reason: text(128).describe('Why, as one CamelCase word.'),
    message: text(4096).describe('Why, for people; names what to do.'),
  })
  .describe('One aspect of the state of this object.');

/** Conditions, one for each type. */
export const conditions = (types: string): z.ZodOptional<z.ZodArray<typeof condition>> =>
  z.array(condition).max(16).meta(listMap('type')).describe(`Conditions: ${types}.`).optional();

/** Latency, jitter, sync and success of one request: predicted, observed or realised. */
export const performance = z
  .strictObject({
    latencyMicros: natural()
      .optional()
      .describe('End-to-end latency of a request, in microseconds: the mean over ingress, flows and time.'),
    worstLatencyMicros: natural()
      .optional()
      .describe('Latency over the worst ingress and path, in microseconds.'),
    p99LatencyMicros: natural().optional().describe('99th percentile of the latency, in microseconds.'),
    jitterMicros: natural()
      .optional()
      .describe('Standard deviation of the latency along the critical path, in microseconds.'),
    syncMicros: natural()
      .optional()
      .describe('Largest spread between the sync inputs of a join, in microseconds.'),
    successPpm: ppm().optional().describe('Probability that a request succeeds, in parts per million.'),
    criticalPath: z
      .array(text(63))
      .max(64)
      .optional()
      .describe('Microservices of the slowest path, from entry to exit.'),
  })
  .describe('Figures of one request.');
