import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Log } from '#kube/log.ts';
import type { Retrieved } from '#memory/retrieval/retrieved.ts';
import { tenantOf } from '#memory/trace/deployment.ts';
import { RefusedTrace } from '#memory/trace/refusal.ts';
import { UnknownReference } from '#world/instance.ts';
import { positionsOf } from '#memory/encoders/features/heat-maps.ts';
import { keyOf } from '#world/objects.ts';
import { snapshotOf } from '#world/snapshot.ts';
import type { Memory } from '../memory/memory.ts';
import { RefusedReport, readReport } from '../memory/report.ts';
import type { ReadReport, Report } from '../memory/report.ts';
import { before } from './before.ts';
import { callerOf, readerOf } from './callers.ts';
import type { Refusal } from './callers.ts';
import { readQueryRequest, readTraceRequest } from './memory-requests.ts';
import type { QueryRequest } from './memory-requests.ts';
import type { PlannerMetrics } from './metrics.ts';
import { mayUse } from './reporters.ts';
import type { Authenticate, Caller } from './reporters.ts';
import { Turns } from './turns.ts';

/** What the memory's routes work with. */
export interface MemoryShop {
  readonly memory: Memory;
  /** Who may report and read; undefined: nobody may report, and only this machine reads. */
  readonly authenticate: Authenticate | undefined;
  readonly metrics: PlannerMetrics;
  readonly log: Log;
}

/** Reports that may wait; each holds a world. */
const WAITING_LIMIT = 16;
const REPORT_MS = 10_000;

/** `POST /v1/traces` and `POST /v1/memory/query` (docs/memory.md). */
export function memoryRoutes(server: FastifyInstance, shop: MemoryShop): void {
  const { metrics, log, authenticate } = shop;
  const turns = new Turns(WAITING_LIMIT);
  server.post('/v1/traces', async (request, reply) => {
    if (authenticate === undefined) {
      metrics.traced('refused');
      const reason = 'nobody may report to this planner: start it with --reporters or --trust';
      return reply.code(202).send({ stored: false, reason });
    }
    const caller = await callerOf(request, authenticate);
    if ('error' in caller) return refuse(reply, caller);
    const read = readTraceRequest(request.body);
    if ('problems' in read)
      return reply.code(400).send({ error: 'the body is no report of an outcome', problems: read.problems });
    if (turns.full) {
      const error = `${WAITING_LIMIT} reports wait already: tell it again in a second`;
      return reply.code(503).header('retry-after', '1').send({ error });
    }
    const told = await before(
      turns.take(() => take(shop.memory, read.request, caller)),
      REPORT_MS,
    );
    if (told === undefined) return reply.code(504).send({ error: `not stored within ${REPORT_MS} ms` });
    metrics.traced(told.result);
    log.info({ dag: read.request.dag, caller: caller.identity, ...told.body }, `outcome ${told.result}`);
    return reply.code(told.code).send(told.body);
  });

  server.post('/v1/memory/query', async (request, reply) => {
    const caller = await readerOf(request, authenticate);
    if ('error' in caller) return refuse(reply, caller);
    const read = readQueryRequest(request.body);
    if ('problems' in read)
      return reply
        .code(400)
        .send({ error: 'the body is no question to the memory', problems: read.problems });
    const { deadlineMs } = read.request;
    const answer = await before(query(shop.memory, read.request, caller), deadlineMs);
    if (answer === undefined) return reply.code(504).send({ error: `no answer within ${deadlineMs} ms` });
    return reply.code(answer.code).send(answer.body);
  });
}

interface Told {
  readonly code: number;
  readonly result: 'stored' | 'quarantined' | 'refused' | 'away';
  readonly body: object;
}

/** Reads a report with our own world model and brings it before the guard. */
async function take(memory: Memory, report: Report, caller: Caller): Promise<Told> {
  let read: ReadReport;
  try {
    read = readReport(report);
  } catch (error) {
    if (!(error instanceof RefusedReport) && !(error instanceof UnknownReference)) throw error;
    return refused(error.field, error.message);
  }
  try {
    const verdict = await memory.report(read, {
      identity: caller.identity,
      mayReport: ({ tenant }) => mayUse(caller, tenant),
    });
    const { id } = verdict;
    switch (verdict.kind) {
      case 'admit':
        return { code: 202, result: 'stored', body: { stored: true, id } };
      case 'quarantine':
        return {
          code: 202,
          result: 'quarantined',
          body: { stored: false, quarantined: true, id, reason: verdict.reason },
        };
      default:
        return { code: 403, result: 'refused', body: { error: verdict.reason } };
    }
  } catch (error) {
    if (error instanceof RefusedTrace) return refused(error.field, error.message);
    const reason = error instanceof Error ? error.message : String(error);
    return { code: 202, result: 'away', body: { stored: false, reason } };
  }
}

const refused = (field: string, message: string): Told => ({
  code: 400,
  result: 'refused',
  body: { error: 'the report is no trace', problems: [{ field, message }] },
});

async function query(
  memory: Memory,
  { dag: key, objects, tenant, count }: QueryRequest,
  caller: Caller,
): Promise<{ code: number; body: object }> {
  const dag = objects.dags.find((one) => keyOf(one) === key);
  if (dag === undefined) {
    const message = `no ServiceDAG ${key} in objects.dags`;
    return { code: 400, body: { error: message, problems: [{ field: 'dag', message }] } };
  }
  const owner = tenant ?? tenantOf(dag);
  if (!mayUse(caller, owner))
    return { code: 403, body: { error: `${caller.identity} may not read the memory of tenant "${owner}"` } };
  const seen = {
    snapshot: snapshotOf(objects),
    dag,
    dags: objects.dags,
    telemetry: [],
    positions: positionsOf(objects.nodes),
  };
  try {
    const { retrieved, without } = await memory.ask({ seen, nowMs: objects.nowMs, tenant: owner, count });
    const said = without === undefined ? {} : { without };
    return { code: 200, body: { tenant: owner, traces: retrieved.map(described), ...said } };
  } catch (error) {
    const without = error instanceof Error ? error.message : String(error);
    return { code: 200, body: { tenant: owner, traces: [], without } };
  }
}

/** A retrieved trace as the tenant may see it, with the parts of its similarity and why it was retrieved. */
function described({ trace, own, score, composite, kept, relevance, reasons }: Retrieved): object {
  const { id, dag, map, performance, predictedUtility, realisedUtility, createdMs, policy, window } = trace;
  const { similarity, match: _match, ...parts } = composite;
  return {
    id,
    own,
    score,
    similarity: { whole: similarity, ...parts },
    kept,
    relevance,
    reasons,
    dag: dag.name,
    policy,
    window,
    createdMs,
    predictedUtility,
    realisedUtility,
    performance,
    placements: map.placements.map(({ service, replica, node }) => ({ service, replica, node })),
  };
}

const refuse = (reply: FastifyReply, { code, error }: Refusal): FastifyReply =>
  (code === 401 ? reply.header('www-authenticate', 'Bearer') : reply).code(code).send({ error });
