import { z } from 'zod';
import { traceContent } from '#memory/trace/trace.ts';
import type { Report } from '../memory/report.ts';
import { LONGEST_DEADLINE_MS, dagKey, graphProblems, objects, readBody } from './request.ts';
import type { Read } from './request.ts';

const name = (): z.ZodString => z.string().min(1).max(253);
const { performance, rollout, window, policy, replanOf, shareable, createdMs } = traceContent.shape;

// The decision may be a plan's document as it is: what else that says is not looked at.
const traceRequest = z.strictObject({
  dag: dagKey,
  objects,
  decision: z.strictObject({
    assignments: z
      .array(
        z.object({ microservice: name(), replica: z.int().min(0).max(999), region: name(), node: name() }),
      )
      .min(1)
      .max(1024),
    routes: z
      .array(
        z.object({
          from: name(),
          to: name(),
          paths: z
            .array(
              z.object({
                via: z.array(name()).min(1).max(64),
                weightPpm: z.int().min(0).max(1_000_000),
              }),
            )
            .max(256),
        }),
      )
      .max(256)
      .default([]),
  }),
  window,
  policy,
  replanOf,
  shareable: shareable.default(false),
  outcome: z.strictObject({ atMs: createdMs, performance, rollout: rollout.default([]) }),
});

const queryRequest = z.strictObject({
  dag: dagKey,
  objects,
  tenant: name().optional(),
  count: z.int().min(1).max(64).default(8),
  deadlineMs: z.number().min(1).max(LONGEST_DEADLINE_MS).default(1_000),
});

/** What the memory is asked, after its check. */
export type QueryRequest = z.output<typeof queryRequest>;

/** Checks a reported outcome; everything that is wrong with it is in the answer. */
export function readTraceRequest(body: unknown): Read<Report> {
  const read = readBody(traceRequest, body);
  if ('problems' in read) return read;
  const problems = graphProblems(read.request);
  return problems.length > 0 ? { problems } : read;
}

/** Checks a question to the memory. */
export function readQueryRequest(body: unknown): Read<QueryRequest> {
  const read = readBody(queryRequest, body);
  if ('problems' in read) return read;
  const problems = graphProblems(read.request);
  return problems.length > 0 ? { problems } : read;
}
