import type { Server } from 'node:https';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { Pair } from '#kube/pki/certificates.ts';
import { answerTo, questionOf } from './review.ts';
import type { Question, Verdict } from './review.ts';

/** An object and the one it replaces, each as large as the store takes (1.5 MiB), and what is around them. */
const BODY_LIMIT = 4 * 2 ** 20;
/** Bodies that are read at once; one more is turned away, and the API server goes on without us. */
const IN_FLIGHT = 16;
const CONNECTIONS = 256;
/** How long a handshake and a request may take to arrive. The answer itself is one turn of pure code. */
const ARRIVAL_MS = 5_000;
/** Longer than the 90 s for which Go's client keeps an idle connection: the server must not be the first to close it. */
const KEEP_ALIVE_MS = 120_000;

/** What the server answers from. */
export interface ServerOptions {
  readonly judge: (question: Question) => Verdict;
  /** Hears of every answer; `bad` is a body that asks nothing. */
  readonly answered?: (verdict: 'allowed' | 'refused' | 'bad') => void;
}

/** POST /validate over HTTPS. Keeps nothing between requests; whatever it is sent, it answers and goes on. */
export class WebhookServer {
  readonly #server: FastifyInstance<Server>;
  #inFlight = 0;

  constructor(options: ServerOptions) {
    const { judge, answered = () => undefined } = options;
    this.#server = fastify({
      logger: false,
      bodyLimit: BODY_LIMIT,
      requestTimeout: ARRIVAL_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      forceCloseConnections: 'idle',
      https: {
        minVersion: 'TLSv1.2',
        handshakeTimeout: ARRIVAL_MS,
        connectionsCheckingInterval: 1_000,
      },
    });
    this.#server.server.maxConnections = CONNECTIONS;
    this.#server.addHook('onRequest', async (_request, reply) => {
      if (this.#inFlight >= IN_FLIGHT) return reply.code(503).send({ error: 'too many requests at once' });
      this.#inFlight++;
      reply.raw.once('close', () => this.#inFlight--);
      return undefined;
    });
    this.#server.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
      answered('bad');
      // Only 200 carries a verdict: anything else is a failed call, and failurePolicy decides.
      return reply.code(error.statusCode ?? 500).send({ error: error.message });
    });
    this.#server.post('/validate', (request, reply) => {
      const question = questionOf(request.body);
      if (typeof question === 'string') {
        answered('bad');
        return reply.code(400).send({ error: question });
      }
      const verdict = judge(question);
      answered(verdict.allowed ? 'allowed' : 'refused');
      return reply.send(answerTo(question, verdict));
    });
  }

  /** Listens; handshakes fail until it has a certificate. Returns the port. */
  async listen(port: number, host = '0.0.0.0'): Promise<number> {
    await this.#server.listen({ port, host });
    const address = this.#server.server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** What new connections are shown; those that are open stay. Throws when the key is not the certificate's. */
  serve({ certificate, key }: Pair): void {
    this.#server.server.setSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' });
  }

  /** Answers what has arrived, and ends. */
  close(): Promise<void> {
    return this.#server.close();
  }
}
