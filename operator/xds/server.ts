import { createHash } from 'node:crypto';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { aggregatedDiscovery } from './protocol.ts';
import { ORDER, TYPES } from './types.ts';
import type { TypeUrl } from './types.ts';
import type { Resource, Resources } from './resources.ts';
import {
  difference,
  heard,
  namesOf,
  namesOfDelta,
  NEW,
  sameVersions,
  versionsOf,
  wantedOf,
} from './subscription.ts';
import type { Question, Subscription } from './subscription.ts';

/** PEM: the authority that client certificates must come from, and the server's own pair. */
export interface Tls {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** How the server runs. */
export interface XdsOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host?: string;
  /** Mutual TLS; without it anybody who reaches the port is told everything. */
  readonly tls?: Tls;
  /** Hears that somebody connected, left, acknowledged or refused. */
  readonly changed: () => void;
}

/** One connected client, as far as it has told. */
export interface Client {
  readonly node: string;
  /** Why it refuses what it was sent last; undefined when it does not. */
  readonly refused: string | undefined;
  /** Versions of routes that it has acknowledged, by name. */
  readonly routes: ReadonlyMap<string, string>;
}

interface Request extends Question {
  readonly node?: { readonly id?: string } | null;
  readonly type_url: string;
  readonly initial_resource_versions?: Readonly<Record<string, string>>;
  readonly response_nonce: string;
  readonly version_info?: string;
  readonly error_detail?: { readonly message?: string } | null;
}

type Wire = ServerDuplexStream<Request, object>;

interface Stream {
  readonly wire: Wire;
  readonly isDelta: boolean;
  node: string;
  readonly subscriptions: Map<TypeUrl, Subscription>;
  /** Versions that the newest answer of a type carried, taken over when it is acknowledged. */
  readonly offered: Map<TypeUrl, ReadonlyMap<string, string>>;
  routes: ReadonlyMap<string, string>;
  answers: number;
}

const isType = (text: string): text is TypeUrl => ORDER.some((type) => type === text);

/** An aggregated discovery server (xDS v3), state of the world and incremental, for Envoy and proxyless gRPC clients. */
export class XdsServer {
  readonly #server = new Server();
  readonly #streams = new Set<Stream>();
  readonly #changed: () => void;
  #resources: Resources = new Map();
  #port = 0;

  private constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Starts to listen; nothing is offered until `offer`. */
  static async start({ port, host = '0.0.0.0', tls, changed }: XdsOptions): Promise<XdsServer> {
    const made = new XdsServer(changed);
    made.#server.addService(aggregatedDiscovery().service, {
      StreamAggregatedResources: (wire: Wire) => made.#serve(wire, false),
      DeltaAggregatedResources: (wire: Wire) => made.#serve(wire, true),
    });
    const credentials =
      tls === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(tls.ca, [{ cert_chain: tls.cert, private_key: tls.key }], true);
    made.#port = await new Promise<number>((resolve, reject) => {
      made.#server.bindAsync(`${host}:${port}`, credentials, (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    return made;
  }

  /** Where it listens. */
  get port(): number {
    return this.#port;
  }

  /** Who is connected. */
  clients(): Client[] {
    return [...this.#streams].map(({ node, routes, subscriptions }) => ({
      node,
      routes,
      refused: [...subscriptions.values()].find(({ refused }) => refused !== undefined)?.refused,
    }));
  }

  /** Offers these resources from now on and tells everybody what differs for them, clusters first. */
  offer(resources: Resources): void {
    this.#resources = resources;
    for (const stream of this.#streams) for (const type of ORDER) this.#tell(stream, type);
  }

  /** Ends every stream. */
  stop(): void {
    this.#server.forceShutdown();
  }

  #serve(wire: Wire, isDelta: boolean): void {
    const stream: Stream = {
      wire,
      isDelta,
      node: '',
      subscriptions: new Map(),
      offered: new Map(),
      routes: new Map(),
      answers: 0,
    };
    this.#streams.add(stream);
    const leave = (): void => {
      if (this.#streams.delete(stream)) this.#changed();
    };
    wire.on('data', (request: Request) => this.#hear(stream, request));
    wire.on('end', () => {
      wire.end();
      leave();
    });
    wire.on('error', leave);
    wire.on('cancelled', leave);
  }

  #hear(stream: Stream, request: Request): void {
    // Only the first request of a stream has to say who sends it.
    if (request.node?.id !== undefined && request.node.id !== '') stream.node = request.node.id;
    const { type_url: type } = request;
    if (!isType(type)) return;
    const known = stream.subscriptions.get(type);
    const refusal =
      request.error_detail === null || request.error_detail === undefined
        ? undefined
        : (request.error_detail.message ?? 'refused');
    let next = heard(known ?? NEW, request.response_nonce, request.version_info ?? '', refusal);
    if (next !== known && next.refused === undefined && known !== undefined && type === TYPES.route)
      stream.routes = stream.offered.get(type) ?? stream.routes;
    const said = next !== known;
    next = { ...next, names: stream.isDelta ? namesOfDelta(known, request) : namesOf(known, request) };
    if (known === undefined && stream.isDelta && request.initial_resource_versions !== undefined)
      next = { ...next, sent: new Map(Object.entries(request.initial_resource_versions)) };
    stream.subscriptions.set(type, next);
    this.#tell(stream, type);
    if (said) this.#changed();
  }

  /** Sends what differs from what was sent last; a first question is always answered, but not before there is something to offer. */
  #tell(stream: Stream, type: TypeUrl): void {
    const subscription = stream.subscriptions.get(type);
    if (subscription === undefined || this.#resources.size === 0) return;
    const wanted = wantedOf(this.#resources, type, subscription.names);
    const versions = versionsOf(wanted);
    if (subscription.nonce !== undefined && sameVersions(subscription.sent, versions)) return;
    const nonce = String(++stream.answers);
    const { changed, removed } = difference(subscription.sent, wanted);
    stream.subscriptions.set(type, { ...subscription, sent: versions, nonce });
    stream.offered.set(type, versions);
    const common = { type_url: type, nonce };
    stream.wire.write(
      stream.isDelta
        ? {
            ...common,
            system_version_info: versionOf(versions),
            resources: changed.map(({ name, version, body }) => ({ name, version, resource: body })),
            removed_resources: removed,
          }
        : {
            ...common,
            version_info: versionOf(versions),
            resources: [...wanted.values()].map(({ body }: Resource) => body),
          },
    );
  }
}

const versionOf = (versions: ReadonlyMap<string, string>): string =>
  createHash('sha256')
    .update(JSON.stringify([...versions]))
    .digest('hex')
    .slice(0, 16);
