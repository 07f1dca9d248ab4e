import { fastify, type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

/** What the health routes answer from. */
export interface HealthRoutesOptions {
  registry: Registry;
  /** Why no work should be sent here, or undefined. */
  ready: () => string | undefined;
  /** Why a restart is the only help, or undefined. */
  live?: () => string | undefined;
}

/** Where the health server listens. */
export interface HealthOptions extends HealthRoutesOptions {
  port: number;
  host?: string;
}

/** A running health server. */
export interface Health {
  port: number;
  close(): Promise<void>;
}

/** Serves /healthz, /readyz and /metrics on their own port; port 0 picks a free one. */
export async function serveHealth(options: HealthOptions): Promise<Health> {
  const server = fastify({ logger: false, forceCloseConnections: true });
  healthRoutes(server, options);
  await server.listen({ port: options.port, host: options.host ?? '0.0.0.0' });
  const address = server.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return { port, close: () => server.close() };
}

/** Adds /healthz, /readyz and /metrics to a server, any of the HTTP kinds. */
export function healthRoutes(server: FastifyInstance, options: HealthRoutesOptions): void {
  const { registry, ready, live } = options;
  const answer = (path: string, problem: () => string | undefined): void => {
    server.get(path, (_request, reply) => {
      const why = problem();
      return reply
        .code(why === undefined ? 200 : 503)
        .type('text/plain; charset=utf-8')
        .send(why === undefined ? 'ok\n' : `${why}\n`);
    });
  };
  answer('/healthz', live ?? (() => undefined));
  answer('/readyz', ready);
  server.get('/metrics', async (_request, reply) => {
    const text = await registry.metrics();
    return reply.type(registry.contentType).send(text);
  });
}
