import type { Application, Edge, Service } from './application.ts';
import type { Placement } from '../orchestrator.ts';

const PPM = 1_000_000;

/** What one host gets of the calls of an edge that leave another. */
interface Share {
  readonly ppm: number;
  /** Replicas that are to run there and share it. */
  readonly replicas: number;
}

/** Whom calls go to: evenly over a service's endpoints, or by the flow fractions of a placement. */
export class Router {
  /** Shares of each edge and caller's host by the callee's host. */
  readonly #fractions: (ReadonlyMap<number, ReadonlyMap<number, Share>> | undefined)[] = [];
  /** Cumulative weights over the endpoints in their order, until those change. */
  readonly #cumulative: (Map<number, Float64Array> | undefined)[] = [];

  /** Takes over the routes of placements; one without routes spreads evenly. */
  apply(
    placements: readonly Placement[],
    applications: readonly Application[],
    host: (node: string) => number | undefined,
  ): void {
    const byKey = new Map(applications.map((application) => [application.key, application]));
    for (const { dag, routes, replicas } of placements) {
      for (const edge of byKey.get(dag)?.edges ?? []) {
        const own = (routes ?? []).filter(({ from, to }) => from === edge.from.name && to === edge.to.name);
        this.#fractions[edge.index] =
          own.length === 0
            ? undefined
            : fractionsOf(
                own,
                host,
                (node) => replicas.filter((r) => r.node === node && r.microservice === edge.to.name).length,
              );
        this.#cumulative[edge.index] = undefined;
      }
    }
  }

  /** The endpoints of a service have changed. */
  forget(service: Service, edges: readonly Edge[]): void {
    for (const edge of edges) if (edge.to === service) this.#cumulative[edge.index] = undefined;
  }

  /** Place in `to.endpoints` that a draw in [0, 1) points at; -1 when there is nobody. */
  pick(call: number, fromHost: number, to: Service, draw: number): number {
    const count = to.endpoints.length;
    if (count < 2) return count - 1;
    const fractions = this.#fractions[call];
    if (fractions === undefined) return Math.floor(draw * count);
    const cumulative = this.#weights(call, fromHost, to, fractions.get(fromHost));
    const aim = draw * (cumulative[count - 1] ?? 0);
    for (let i = 0; i < count; i++) if (aim < (cumulative[i] ?? 0)) return i;
    return count - 1;
  }

  #weights(
    call: number,
    fromHost: number,
    { endpoints }: Service,
    shares: ReadonlyMap<number, Share> | undefined,
  ): Float64Array {
    const known = this.#cumulative[call]?.get(fromHost);
    if (known !== undefined) return known;
    /** What each of the replicas that are there gets: the part of one that is yet to come is not theirs. */
    const each = (host: number): number => {
      const { ppm = 0, replicas = 1 } = shares?.get(host) ?? {};
      return ppm / Math.max(replicas, endpoints.filter((replica) => replica.host === host).length);
    };
    const given = endpoints.reduce((sum, { host }) => sum + each(host), 0);
    const named = endpoints.filter(({ host }) => shares?.has(host) === true).length;
    // Those that no fraction names share evenly what the fractions leave, and what is meant for replicas that are yet to come: a
    // replica that is to be replaced serves until then.
    const rest = named === endpoints.length ? 0 : Math.max(0, PPM - given) / (endpoints.length - named);
    const weights = endpoints.map(({ host }) => (shares?.has(host) === true ? each(host) : rest));
    const even = weights.every((weight) => weight === 0);
    let sum = 0;
    const cumulative = Float64Array.from(weights, (weight) => (sum += even ? 1 : weight));
    const tables = (this.#cumulative[call] ??= new Map<number, Float64Array>());
    tables.set(fromHost, cumulative);
    return cumulative;
  }
}

function fractionsOf(
  routes: readonly { readonly fromNode: string; readonly toNode: string; readonly weightPpm: number }[],
  host: (node: string) => number | undefined,
  replicasOn: (node: string) => number,
): Map<number, Map<number, Share>> {
  const fractions = new Map<number, Map<number, Share>>();
  for (const { fromNode, toNode, weightPpm } of routes) {
    const [from, to] = [host(fromNode), host(toNode)];
    if (from === undefined || to === undefined) continue;
    const shares = fractions.get(from) ?? new Map<number, Share>();
    shares.set(to, { ppm: (shares.get(to)?.ppm ?? 0) + weightPpm, replicas: replicasOn(toNode) });
    fractions.set(from, shares);
  }
  return fractions;
}
