import { request } from 'undici';
import { z } from 'zod';
import type { Objects } from '#world/objects.ts';
import { authorisation } from './planner-token.ts';

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
      replaces: z.string().optional(),
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
    .looseObject({
      candidates: z.number(),
      feasibleBeforeRepair: z.number(),
      repaired: z.number(),
      encoderVersion: z.string().optional(),
      traces: z.array(z.string()).optional(),
    })
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
  /** So many of them may move all the same. */
  readonly moves: number;
  /** Replicas of each microservice. */
  readonly replicas: Readonly<Record<string, number>>;
  /** Nodes to rank for each replica. */
  readonly ranks: number;
}

/** The planner gave no usable answer: it is down, late, or refused the question. */
export class PlannerUnavailable extends Error {
  override readonly name = 'PlannerUnavailable';
  /** It answered, and will not take this question: others may be taken all the same. */
  readonly refused: boolean;

  constructor(message: string, refused: boolean, options?: ErrorOptions) {
    super(message, options);
    this.refused = refused;
  }
}

/** Time the search gets, and time the whole answer gets. */
const BUDGET_MS = 50;
const DEADLINE_MS = 5_000;
const MAX_ANSWER_BYTES = 32 * 2 ** 20;

/** Where the planner answers, and who asks. */
export interface PlannerAccess {
  /** Without a path. */
  readonly url: string;
  /** File with the bearer token that lets plans recall what the tenant remembers; none is sent when there is no such file. */
  readonly tokenFile: string | undefined;
}

/** Asks the planner for a plan. Throws `PlannerUnavailable` with what happened when no plan document comes back in time. */
export async function askPlanner(
  { url, tokenFile }: PlannerAccess,
  question: PlanQuestion,
  signal: AbortSignal,
): Promise<PlanAnswer> {
  const times = { objective: 'utility', budgetMs: BUDGET_MS, deadlineMs: DEADLINE_MS };
  const { statusCode, text } = await post(
    `${url}/v1/plans`,
    JSON.stringify({ ...question, ...times }),
    await authorisation(tokenFile),
    signal,
  );
  if (statusCode !== 200) {
    const refused = statusCode >= 400 && statusCode < 500;
    throw new PlannerUnavailable(`the planner answers ${statusCode}: ${text.slice(0, 400)}`, refused);
  }
  try {
    return planAnswer.parse(JSON.parse(text));
  } catch (cause) {
    throw new PlannerUnavailable(`the planner's answer is no plan document: ${said(cause)}`, true, { cause });
  }
}

async function post(
  url: string,
  body: string,
  who: { readonly authorization?: string },
  signal: AbortSignal,
): Promise<{ statusCode: number; text: string }> {
  // A second more than the planner takes for itself, so that its own words arrive.
  const late = AbortSignal.timeout(DEADLINE_MS + 1_000);
  const headers = { 'content-type': 'application/json', ...who };
  try {
    const answer = await request(url, {
      method: 'POST',
      headers,
      body,
      signal: AbortSignal.any([signal, late]),
    });
    return { statusCode: answer.statusCode, text: await textWithin(answer.body) };
  } catch (cause) {
    signal.throwIfAborted();
    throw new PlannerUnavailable(`no answer from the planner at ${url}: ${said(cause)}`, false, { cause });
  }
}

/** The whole text of an answer; an Error when it is longer than any plan of 64 microservices with 256 replicas is. */
async function textWithin(body: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

const said = (cause: unknown): string =>
  (cause instanceof Error ? cause.message || cause.name : String(cause)).slice(0, 400);
