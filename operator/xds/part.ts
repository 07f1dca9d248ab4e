import type { XdsSeen } from '../routing/back-end.ts';
import type { Edge } from '../routing/edge.ts';
import type { Verdict } from '../routing/ladder.ts';
import type { Target } from '../routing/services.ts';
import { xdsId } from './edge.ts';
import { TYPES } from './types.ts';
import { ENVOY, resourcesOf } from './resources.ts';
import type { XdsEdge } from './resources.ts';
import { XdsServer } from './server.ts';
import type { Offer, Tls } from './server.ts';

/** Where and how the discovery server listens. */
export interface XdsSettings {
  readonly port: number;
  readonly host?: string;
  readonly tls?: Tls;
}

/** What the discovery server is told of the cluster, and whom it tells. */
export interface XdsAround {
  /** ServiceDAGs that are there, by `namespace/name`. */
  readonly awaited: Iterable<string>;
  /** Node-local proxies that take connections. */
  readonly proxies: () => readonly Target[];
  /** Region of a node. */
  readonly regionOf: (node: string) => string | undefined;
  /** Hears when somebody comes, goes, agrees or refuses. */
  readonly changed: () => void;
}

/** The discovery server with the edges of all ServiceDAGs. */
export class XdsPart implements XdsSeen {
  readonly #server: XdsServer;
  readonly #proxies: () => readonly Target[];
  readonly #edges = new Map<string, readonly XdsEdge[]>();
  #offer: Offer = () => new Map();
  #isDue = false;
  /** ServiceDAGs whose edges are not known yet: until they are, nobody is told that there are none. */
  readonly #awaited: Set<string>;

  private constructor(server: XdsServer, awaited: Iterable<string>, proxies: () => readonly Target[]) {
    this.#awaited = new Set(awaited);
    this.#server = server;
    this.#proxies = proxies;
  }

  /** Starts to listen, and to answer once all of `awaited` are set. */
  static async start(settings: XdsSettings, around: XdsAround): Promise<XdsPart> {
    const { awaited, proxies, regionOf, changed } = around;
    return new XdsPart(await XdsServer.start({ ...settings, regionOf, changed }), awaited, proxies);
  }

  /** Where it listens. */
  get port(): number {
    return this.#server.port;
  }

  /** Edges of one ServiceDAG (`namespace/name`) as they are now; changes that come together are told together. */
  set(key: string, edges: readonly XdsEdge[]): void {
    if (edges.length === 0) this.#edges.delete(key);
    else this.#edges.set(key, edges);
    this.#awaited.delete(key);
    if (this.#isDue || this.#awaited.size > 0) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#offer = offerOf([...this.#edges.values()].flat());
      this.#server.offer(this.#offer);
    });
  }

  /** Node-local proxies that take connections. */
  proxies(): readonly Target[] {
    return this.#proxies();
  }

  /** Accepted when somebody has the newest routes of an edge and nobody refuses what it was sent. */
  verdict(edge: Edge): Verdict {
    const clients = this.#server.clients();
    if (clients.length === 0)
      return { kind: 'absent', reason: 'NoClient', message: 'no Envoy and no gRPC client is connected' };
    const refusal = clients.find(({ refused }) => refused !== undefined);
    if (refusal !== undefined)
      return { kind: 'rejected', reason: 'Refused', message: `${refusal.node}: ${refusal.refused}` };
    const id = xdsId(edge);
    const agreed = clients.some((client) => {
      const routes = this.#offer(client.region).get(TYPES.route);
      if (routes?.has(id) !== true) return false;
      return [id, ENVOY].some((name) => client.routes.get(name) === routes.get(name)?.version);
    });
    if (agreed) return { kind: 'accepted' };
    return { kind: 'pending', reason: 'NotAcknowledged', message: 'nobody has the newest routes yet' };
  }

  /** Ends it. */
  stop(): void {
    this.#server.stop();
  }
}

/** Resources by the caller's region, each made when somebody of that region asks; regions without weights of their own share theirs. */
function offerOf(edges: readonly XdsEdge[]): Offer {
  const regions = new Set(edges.flatMap(({ byCaller }) => [...(byCaller?.keys() ?? [])]));
  const made = new Map<string, ReturnType<Offer>>();
  return (region) => {
    const own = regions.has(region) ? region : '';
    const resources = made.get(own) ?? resourcesOf(edges, own);
    made.set(own, resources);
    return resources;
  };
}
