import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeFaults } from './fake-faults.ts';
import { FakeReads, matcher } from './fake-reads.ts';
import { FakeRefusal } from './fake-refusal.ts';
import { collectionOf, routeOf } from './fake-route.ts';
import type { Route } from './fake-route.ts';
import { FakeStorage } from './fake-storage.ts';
import { FakeWatch } from './fake-watch.ts';
import { FakeWrites } from './fake-writes.ts';
import { apiVersionOf } from './kinds.ts';
import type { Kind } from './kinds.ts';
import { keyOf } from './object.ts';
import type { KubeObject } from './object.ts';
import { Transport } from './transport.ts';
import type { TransportOptions } from './transport.ts';

/** A write that a client made and the server accepted. */
export interface FakeWrite {
  readonly verb: 'create' | 'update' | 'patch' | 'apply' | 'delete';
  readonly path: string;
  readonly body: unknown;
}

/** How much history is kept, and how often watches get a bookmark (0: never). */
export interface FakeOptions {
  readonly historySize?: number;
  readonly bookmarkMs?: number;
}

const VERBS = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const;

/** Test support: an API server in memory behind real HTTP, for any kind, with faults on demand. */
export class FakeApiServer {
  /** Accepted writes of clients, in order; `put` and `remove` are not among them. */
  readonly writes: FakeWrite[] = [];
  readonly faults: FakeFaults;
  readonly #http: Server;
  readonly #storage: FakeStorage;
  readonly #reads: FakeReads;
  readonly #writer: FakeWrites;
  readonly #watches = new Set<FakeWatch>();
  readonly #transports: Transport[] = [];
  readonly #bookmarkMs: number;

  private constructor({ historySize = 1_000, bookmarkMs = 100 }: FakeOptions) {
    this.#storage = new FakeStorage(historySize);
    this.#reads = new FakeReads(this.#storage);
    this.#writer = new FakeWrites(this.#storage);
    this.#bookmarkMs = bookmarkMs;
    this.faults = new FakeFaults(this.#watches, this.#storage);
    this.#storage.listen((change) => this.#watches.forEach((watch) => watch.show(change)));
    this.#http = createServer((request, answer) => void this.#serve(request, answer));
  }

  /** Starts on a free port of the loopback address. */
  static async start(options: FakeOptions = {}): Promise<FakeApiServer> {
    const server = new FakeApiServer(options);
    await new Promise<void>((resolve) => server.#http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  /** Where it listens. */
  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** A client of this server, closed with it. */
  transport(options: Partial<TransportOptions> = {}): Transport {
    const transport = new Transport({ server: this.url, ...options });
    this.#transports.push(transport);
    return transport;
  }

  /** Creates or replaces as an outside actor who may also set status; what is left out of status and finalizers stays. */
  put<T extends KubeObject>(kind: Kind, object: T): T {
    const namespace = kind.namespaced ? (object.metadata.namespace ?? 'default') : undefined;
    const metadata = { ...object.metadata, ...(namespace === undefined ? {} : { namespace }) };
    const whole = { apiVersion: apiVersionOf(kind), kind: kind.kind, ...object, metadata };
    const before = this.#storage.find(collectionOf(kind), keyOf(whole));
    if (before === undefined) return this.#storage.create(collectionOf(kind), whole) as T;
    const { finalizers, ownerReferences } = before.metadata;
    const { status } = before as { status?: unknown };
    const kept = { ...(status === undefined ? {} : { status }), ...whole };
    const wanted = { ...kept, metadata: { finalizers, ownerReferences, ...metadata } };
    return this.#storage.replace(collectionOf(kind), before, wanted) as T;
  }

  /** Deletes as an outside actor; finalizers hold the object. Nothing happens when there is none. */
  remove(kind: Kind, key: string): void {
    if (this.#storage.find(collectionOf(kind), key) !== undefined)
      this.#storage.delete(collectionOf(kind), key);
  }

  /** Every object of a kind, in order of keys. */
  objects<T extends KubeObject>(kind: Kind): T[] {
    return this.#storage.objects(collectionOf(kind)) as T[];
  }

  /** Ends every connection and closes the clients it made. */
  async stop(): Promise<void> {
    await Promise.all(this.#transports.map((transport) => transport.close()));
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  async #serve(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const send = (code: number, body: object, headers = {}): void => {
      if (answer.headersSent) return;
      answer.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    };
    const body = await bodyOf(request);
    if (this.faults.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.faults.delayMs));
    const due = this.faults.take();
    if (due !== undefined) {
      const { refusal, retryAfterSeconds: seconds } = due;
      return send(
        refusal.code,
        refusal.status,
        seconds === undefined ? {} : { 'retry-after': String(seconds) },
      );
    }
    try {
      const result = this.#answer(request, answer, body);
      if (result !== undefined) send(request.method === 'POST' ? 201 : 200, result);
    } catch (error) {
      const refusal =
        error instanceof FakeRefusal ? error : new FakeRefusal(500, 'InternalError', String(error));
      send(refusal.code, refusal.status);
    }
  }

  #answer(request: IncomingMessage, answer: ServerResponse, body: string): object | undefined {
    const { method = 'GET', url = '/' } = request;
    const { pathname, searchParams: query } = new URL(url, this.url);
    const route = routeOf(pathname);
    if (this.faults.isWithdrawn(route.collection))
      throw new FakeRefusal(404, 'NotFound', 'the server could not find the requested resource');
    if (method === 'GET') {
      if (route.name !== undefined) return this.#reads.get(route);
      if (query.get('watch') !== 'true') return this.#reads.list(route, query);
      return this.#watch(answer, route, query);
    }
    const contentType = request.headers['content-type'] ?? '';
    const parsed: unknown = body === '' ? undefined : JSON.parse(body);
    const result = this.#writer.handle({ method, route, body: parsed, contentType, query });
    const applied = contentType.startsWith('application/apply-patch');
    const verb = applied ? 'apply' : VERBS[method as keyof typeof VERBS];
    this.writes.push({ verb, path: pathname, body: parsed });
    return result;
  }

  #watch(answer: ServerResponse, route: Route, query: URLSearchParams): undefined {
    const { collection } = route;
    const timeoutMs = Number(query.get('timeoutSeconds') ?? 300) * 1_000;
    const bookmarkMs = query.get('allowWatchBookmarks') === 'true' ? this.#bookmarkMs : 0;
    const options = { collection, matches: matcher(route, query), timeoutMs, bookmarkMs };
    const watch = new FakeWatch(answer, options, this.faults, () => this.#storage.version);
    if (this.faults.silent) watch.mute();
    const from = Number(query.get('resourceVersion') ?? 0);
    try {
      if (from === 0) watch.initial(this.#storage.objects(collection));
      else for (const change of this.#storage.since(collection, from)) watch.show(change);
    } catch (error) {
      if (!(error instanceof FakeRefusal)) throw error;
      watch.fail(error);
      return undefined;
    }
    this.#watches.add(watch);
    answer.on('close', () => this.#watches.delete(watch));
    return undefined;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString('utf8');
}
