import { fastify } from 'fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import { healthRoutes } from '#kube/health.ts';
import type { Log } from '#kube/log.ts';
import { silentLog } from '#kube/log.ts';
import { createRegistry } from '#kube/metrics.ts';
import { tenantOf } from '#memory/trace/deployment.ts';
import { keyOf } from '#world/objects.ts';
import type { Objects } from '#world/objects.ts';
import type { Recall } from '../recall.ts';
import { before } from './before.ts';
import { plannerMetrics } from './metrics.ts';
import type { PlannerMetrics } from './metrics.ts';
import { answerPlan } from './plans.ts';
import { readPlanRequest } from './request.ts';
import type { PlanRequest } from './request.ts';
import { Turns } from './turns.ts';

/** Where the planner listens. */
export interface PlannerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host?: string | undefined;
  readonly log?: Log | undefined;
  readonly registry?: Registry | undefined;
  /** The memory of past deployments, when there is one. */
  readonly memory?: ServedMemory | undefined;
}

/** What a memory is to the server: it serves its routes, and plans recall with it. */
export interface ServedMemory {
  routes(server: FastifyInstance, metrics: PlannerMetrics): void;
  recallIn(objects: Objects): Recall;
  /** Why a request may not recall what a tenant remembers; undefined when it may. */
  denied(request: FastifyRequest, tenant: string): Promise<string | undefined>;
}

/** A planner that answers. */
export interface Planner {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

const BODY_LIMIT = 32 * 1024 * 1024;
/** Requests that may wait for their turn; each holds a whole world. */
const WAITING_LIMIT = 16;

interface Shop {
  readonly turns: Turns;
  readonly metrics: PlannerMetrics;
  readonly log: Log;
  readonly memory: ServedMemory | undefined;
}

/** Serves the planner's HTTP contract (architecture section 6). */
export async function startPlanner(options: PlannerOptions): Promise<Planner> {
  const { host = '0.0.0.0', log = silentLog, registry = createRegistry(), memory } = options;
  const server = fastify({ logger: false, forceCloseConnections: true, bodyLimit: BODY_LIMIT });
  const shop: Shop = { turns: new Turns(WAITING_LIMIT), metrics: plannerMetrics(registry), log, memory };
  refusals(server, log);
  healthRoutes(server, { registry, ready: () => undefined });
  planRoute(server, shop);
  if (memory === undefined) withoutMemory(server, shop.metrics);
  else memory.routes(server, shop.metrics);
  server.get('/v1/models', () => ({ models: [] }));
  await server.listen({ port: options.port, host });
  const address = server.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return { port, url: `http://${reachable}:${port}`, close: () => server.close() };
}

/** Every refusal is `{error}`, with `problems` where fields are at fault. */
function refusals(server: FastifyInstance, log: Log): void {
  server.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `no ${request.method} ${request.url} here` }),
  );
  server.setErrorHandler((error: FastifyError, _request, reply) => {
    const code = error.statusCode ?? 500;
    if (code < 500) {
      const tooLarge = code === 413 ? `the body is over ${BODY_LIMIT} bytes` : error.message;
      return reply.code(code).send({ error: tooLarge, problems: [{ field: '', message: tooLarge }] });
    }
    log.error({ err: error }, 'request failed');
    return reply.code(500).send({ error: 'the planner failed: see its log' });
  });
}

function planRoute(server: FastifyInstance, { turns, metrics, log, memory }: Shop): void {
  server.post('/v1/plans', async (httpRequest, reply) => {
    const startMs = performance.now();
    const read = readPlanRequest(httpRequest.body);
    if ('problems' in read) {
      return reply.code(400).send({ error: 'the body is no plan request', problems: read.problems });
    }
    const { request } = read;
    if (turns.full) {
      const error = `${WAITING_LIMIT} requests wait already: ask again in a second`;
      return reply.code(503).header('retry-after', '1').send({ error });
    }
    const late = (): boolean => performance.now() - startMs > request.deadlineMs;
    const recallIn = memory && (await recallFor(httpRequest, request, memory, metrics));
    const planned = turns.take(async () => {
      // Nobody waits for it any more: the next one gets the time.
      if (late() || httpRequest.raw.socket.destroyed) return undefined;
      const searchMs = performance.now();
      const answer = await answerPlan(
        request,
        () => Math.round((performance.now() - searchMs) * 1000),
        recallIn,
      );
      if (answer.kind === 'plan') metrics.planned(answer.document, (performance.now() - searchMs) / 1000);
      return answer;
    });
    const answer = await before(planned, startMs + request.deadlineMs - performance.now());
    const tookMs = Math.round(performance.now() - startMs);
    if (answer === undefined || late()) {
      log.warn({ dag: request.dag, tookMs, deadlineMs: request.deadlineMs }, 'too late to plan');
      const error = `no plan within ${request.deadlineMs} ms: raise deadlineMs or lower budgetMs`;
      return reply.code(504).send({ error });
    }
    if (answer.kind === 'unknown') return reply.code(404).send({ error: answer.message });
    if (answer.kind === 'refused') {
      return reply.code(400).send({ error: 'the world lacks what the DAG names', problems: answer.problems });
    }
    log.info({ dag: request.dag, feasible: answer.document.feasible, tookMs }, 'planned');
    return sendJson(reply, answer.document);
  });
}

/** The memory, for who may read what the DAG's tenant remembers; who may not is told why the plan was made without. */
async function recallFor(
  httpRequest: FastifyRequest,
  { objects, dag: key }: PlanRequest,
  memory: ServedMemory,
  metrics: PlannerMetrics,
): Promise<(objects: Objects) => Recall> {
  const dag = objects.dags.find((one) => keyOf(one) === key);
  const why = dag === undefined ? undefined : await memory.denied(httpRequest, tenantOf(dag));
  if (why === undefined) return metered(memory, metrics);
  return () => () => Promise.resolve({ traces: [], without: why, candidates: () => [] });
}

/** Recalls, and counts how long that takes and what comes of it. */
const metered =
  (memory: ServedMemory, metrics: PlannerMetrics) =>
  (objects: Objects): Recall => {
    const recall = memory.recallIn(objects);
    return async (...asked) => {
      const startMs = performance.now();
      const recalled = await recall(...asked);
      metrics.recalled(recalled, (performance.now() - startMs) / 1000);
      return recalled;
    };
  };

const sendJson = (reply: FastifyReply, body: unknown): FastifyReply =>
  reply.type('application/json; charset=utf-8').send(JSON.stringify(body));

/** The memory's part of the contract where there is none: it takes everything, and knows nothing. */
function withoutMemory(server: FastifyInstance, metrics: PlannerMetrics): void {
  server.post('/v1/traces', (_request, reply) => {
    metrics.traced('none');
    return reply
      .code(202)
      .send({ stored: false, reason: 'this planner has no memory: the trace is not kept' });
  });
  server.post('/v1/memory/query', () => ({ traces: [], without: 'this planner has no memory' }));
}
