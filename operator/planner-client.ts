import { request } from 'undici';
import { z } from 'zod';
import type { Objects } from '#world/objects.ts';

const path = z.looseObject({
  via: z.array(z.string()).min(1),
  weightPpm: z.number(),
});

/** The planner's answer (the plan document of architecture section 6), as far as the operator reads it. */
export const planAnswer = z.looseObject({
  dag: z.string(),
  feasible: z.boolean(),
  source: z.enum(['Search', 'Memory', 'Model', 'LLM']),
  method: z.string().default(''),
  assignments: z.array(
    z.looseObject({
      microservice: z.string(),
      replica: z.number(),
      region: z.string(),
      node: z.string(),
      binding: z.string().default(''),
      ranked: z.array(z.strictObject({ node: z.string(), sharePpm: z.number() })).default([]),
    }),
  ),
  routes: z.array(z.looseObject({ from: z.string(), to: z.string(), paths: z.array(path) })),
  predicted: z
    .looseObject({
      latencyMicros: z.number(),
      worstLatencyMicros: z.number(),
      jitterMicros: z.number(),
      syncMicros: z.number(),
      successPpm: z.number(),
      criticalPath: z.array(z.string()),
    })
    .optional(),
  violations: z.array(
    z.looseObject({ constraint: z.string(), message: z.string(), hard: z.boolean().default(true) }),
  ),
  alternatives: z.array(
    z.looseObject({ method: z.string().default(''), feasible: z.boolean(), latencyMicros: z.number() }),
  ),
  provenance: z
    .looseObject({ candidates: z.number(), feasibleBeforeRepair: z.number(), repaired: z.number() })
    .optional(),
  elapsedMicros: z.number(),
});

/** A plan for one DAG. */
export type PlanAnswer = z.output<typeof planAnswer>;

/** What is asked of the planner. */
export interface PlanQuestion {
  readonly objects: Objects;
  /** `namespace/name`. */
  readonly dag: string;
  /** Bound replicas stay. */
  readonly keep: boolean;
  /** Nodes to rank for each replica. */
  readonly ranks: number;
}

/** The planner gave no usable answer: it is down, late, or refused the question. */
export class PlannerUnavailable extends Error {
  override readonly name = 'PlannerUnavailable';
}

/** Time the planner gets to answer; its search takes a fraction of it. */
const DEADLINE_MS = 10_000;

/** Asks the planner for a plan. Throws `PlannerUnavailable` with what happened when no plan document comes back in time. */
export async function askPlanner(
  url: string,
  question: PlanQuestion,
  signal: AbortSignal,
): Promise<PlanAnswer> {
  const body = JSON.stringify({ ...question, deadlineMs: DEADLINE_MS });
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  try {
    const answer = await request(`${url}/v1/plans`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: deadline,
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`it answered ${answer.statusCode}: ${text.slice(0, 300)}`);
    return planAnswer.parse(JSON.parse(text));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PlannerUnavailable(`no plan from ${url}: ${why}`, { cause });
  }
}
