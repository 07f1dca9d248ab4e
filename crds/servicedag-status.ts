import { z } from 'zod';
import { natural, ppm, text } from './fields.ts';
import { listMap } from './rule.ts';
import { conditions, performance } from './status.ts';

/** What the controllers report about a ServiceDAG. */
export const serviceDAGStatus = z
  .strictObject({
    observedGeneration: natural().optional().describe('Generation of the spec this status is about.'),
    conditions: conditions('Accepted, Planned, Placed, Routed, Observed, WithinQoS, Ready'),
    plan: z
      .strictObject({
        name: text(253).describe('Name of the DeploymentPlan.'),
        window: natural().describe('Its window.'),
        source: text(16).describe('Where it came from: Search, Memory, Model or LLM.'),
      })
      .optional()
      .describe('The plan in force.'),
    predicted: performance.optional().describe('What the world model expects of the plan in force.'),
    observed: performance.optional().describe('What was measured.'),
    microservices: z
      .array(
        z
          .strictObject({
            name: text(63).describe('Name of the microservice.'),
            region: text(63).describe('Region the replicas are in.'),
            desired: natural().describe('Replicas wanted there.'),
            placed: natural().optional().describe('Replicas that have a node.'),
            ready: natural().optional().describe('Replicas that are ready.'),
            nodes: z.array(text(253)).max(256).optional().describe('Nodes they are on.'),
          })
          .describe('Replicas of one microservice in one region.'),
      )
      .max(1024)
      .meta(listMap('name', 'region'))
      .optional()
      .describe('Replicas by microservice and region.'),
    edges: z
      .array(
        z
          .strictObject({
            from: text(63).describe('Microservice that calls.'),
            to: text(63).describe('Microservice that is called.'),
            mechanism: text(32).optional().describe('How its calls are spread.'),
            reason: text(128)
              .optional()
              .describe('Why that way, as one CamelCase word: RoutingDegraded when a better one was lost.'),
            weights: z
              .array(
                z
                  .strictObject({
                    backend: text(253).describe('Where the calls go: a region, or a Service.'),
                    desiredPpm: ppm().optional().describe('Share the plan wants, in parts per million.'),
                    programmedPpm: ppm()
                      .optional()
                      .describe('Share that is configured, in parts per million.'),
                    observedPpm: ppm().optional().describe('Share that was measured, in parts per million.'),
                  })
                  .describe('Share of one backend.'),
              )
              .max(64)
              .meta(listMap('backend'))
              .optional()
              .describe('Shares by backend.'),
            observed: z
              .strictObject({
                requestsPerSecondMilli: natural().describe('Calls per second, in thousandths.'),
                latencyMicros: natural()
                  .optional()
                  .describe('Mean time of a call as its caller sees it, in microseconds.'),
                p50LatencyMicros: natural().optional().describe('Median of that time, in microseconds.'),
                p99LatencyMicros: natural()
                  .optional()
                  .describe('99th percentile of that time, in microseconds.'),
                failedPpm: ppm().optional().describe('Share of calls that failed, in parts per million.'),
              })
              .optional()
              .describe('What was measured of its calls; absent while nobody measures them.'),
            maxErrorPpm: ppm()
              .optional()
              .describe(
                'Largest difference between wanted and measured, or configured while nothing is measured, in parts per million.',
              ),
          })
          .describe('Routing of one edge.'),
      )
      .max(256)
      .meta(listMap('from', 'to'))
      .optional()
      .describe('Routing by edge.'),
    explanation: z
      .strictObject({
        binding: text(512)
          .optional()
          .describe('The constraint that decides, such as "edge capture→stitch: bandwidth".'),
        runnerUp: z
          .strictObject({
            latencyMicros: natural().optional().describe('Latency of the second-best plan, in microseconds.'),
            why: text(512).optional().describe('Why it lost.'),
          })
          .optional()
          .describe('The second-best plan.'),
      })
      .optional()
      .describe('Why the plan is as it is.'),
  })
  .describe('What is there.');
