import { Server, ServerCredentials } from '@grpc/grpc-js';
import { aggregatedDiscovery } from './protocol.ts';
import type { Resources } from './resources.ts';
import { DiscoveryStream } from './stream.ts';
import type { Wire } from './stream.ts';
import { ORDER } from './types.ts';

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
  /** Region of a node, for clients that name their node and no locality. */
  readonly regionOf?: (node: string) => string | undefined;
  /** Hears that somebody connected, left, acknowledged or refused. */
  readonly changed: () => void;
}

/** One connected client, as far as it has told. */
export interface Client {
  readonly node: string;
  /** Where it calls from: its locality's region, or that of its node; empty when neither is known. */
  readonly region: string;
  /** Why it refuses what it was sent last; undefined when it does not. */
  readonly refused: string | undefined;
  /** Versions of routes that it has acknowledged, by name. */
  readonly routes: ReadonlyMap<string, string>;
}

/** Resources for callers of a region; empty: of a region that nobody knows. */
export type Offer = (region: string) => Resources;

const NOTHING: Offer = () => new Map();

/** An aggregated discovery server (xDS v3), state of the world and incremental, for Envoy and proxyless gRPC clients. */
export class XdsServer {
  readonly #server = new Server();
  readonly #streams = new Set<DiscoveryStream>();
  readonly #changed: () => void;
  readonly #regionOf: (node: string) => string | undefined;
  #offer = NOTHING;
  #port = 0;

  private constructor({ changed, regionOf = () => undefined }: XdsOptions) {
    this.#changed = changed;
    this.#regionOf = regionOf;
  }

  /** Starts to listen; nothing is offered until `offer`. */
  static async start(options: XdsOptions): Promise<XdsServer> {
    const { port, host = '0.0.0.0', tls } = options;
    const made = new XdsServer(options);
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
    return [...this.#streams].map((stream) => ({
      node: stream.node,
      region: this.#regionFor(stream),
      routes: stream.routes,
      refused: stream.refused,
    }));
  }

  /** Offers these resources from now on and tells everybody what differs for them, clusters first. */
  offer(offer: Offer): void {
    this.#offer = offer;
    for (const stream of this.#streams) {
      const resources = offer(this.#regionFor(stream));
      for (const type of ORDER) stream.tell(type, resources);
    }
  }

  /** Ends every stream. */
  stop(): void {
    this.#server.forceShutdown();
  }

  #regionFor({ region, node }: DiscoveryStream): string {
    return region === '' ? (this.#regionOf(node) ?? '') : region;
  }

  #serve(wire: Wire, isDelta: boolean): void {
    const stream = new DiscoveryStream(wire, isDelta);
    this.#streams.add(stream);
    const leave = (): void => {
      if (this.#streams.delete(stream)) this.#changed();
    };
    wire.on('data', (request) => {
      const { type, said } = stream.hear(request);
      if (type !== undefined) stream.tell(type, this.#offer(this.#regionFor(stream)));
      if (said) this.#changed();
    });
    wire.on('end', () => {
      wire.end();
      leave();
    });
    wire.on('error', leave);
    wire.on('cancelled', leave);
  }
}
