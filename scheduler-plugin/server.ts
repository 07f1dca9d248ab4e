import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { healthRoutes } from '#kube/health.ts';
import { filter, prioritize } from './guard.ts';
import type { Lookup } from './guard.ts';
import { extenderArgs } from './wire.ts';
import type { ExtenderArgs } from './wire.ts';

/** Longer than the 90 s for which Go's client keeps an idle connection: the server must not be the first to close it. */
const KEEP_ALIVE_MS = 120_000;
/** 5,000 names and a large pod fit several times over. */
const BODY_LIMIT = 8 * 2 ** 20;

/** What the server answers from. */
export interface ExtenderOptions {
  readonly lookup: Lookup;
  readonly registry: Registry;
  /** Why requests should not come here yet, or undefined. */
  readonly ready: () => string | undefined;
}

/** The extender: POST /v1/filter and /v1/prioritize, and the health routes. Answers from memory alone. */
export function extenderServer(options: ExtenderOptions): FastifyInstance {
  const server = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
  });
  const took = new Histogram({
    name: 'edgeloom_extender_request_duration_seconds',
    help: 'Time to answer kube-scheduler',
    labelNames: ['verb'],
    buckets: [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25],
    registers: [options.registry],
  });
  const answer = (verb: string, respond: (args: ExtenderArgs) => unknown): void => {
    server.post(`/v1/${verb}`, (request, reply) => {
      const end = took.startTimer({ verb });
      const args = extenderArgs.safeParse(request.body);
      // Anything but 200 is an error to the scheduler, which then goes on without us (ignorable).
      if (!args.success)
        return reply.code(400).send({ Error: `edgeloom: not an ExtenderArgs: ${args.error.message}` });
      const body = Buffer.from(JSON.stringify(respond(args.data)));
      // Content-Length, always: without it the scheduler opens a connection per pod.
      void reply.header('content-type', 'application/json').header('content-length', body.length).send(body);
      end();
      return reply;
    });
  };
  answer('filter', (args) => filter(args, options.lookup));
  answer('prioritize', prioritize);
  healthRoutes(server, { registry: options.registry, ready: options.ready });
  return server;
}
