import { quickest, transmission } from './paths.ts';
import { wayOf } from './path-table.ts';
import type { PathTable, Way } from './path-table.ts';

/** What the way in depends on, per ingress region. */
interface Entrance {
  readonly vertex: number;
  readonly payloadBytes: number;
  readonly radio: number;
  readonly radioVariance: number;
}

/**
 * How requests of each ingress region reach each host: over the air, then from the gateway on the quickest way for the payload
 * over the bandwidth that other DAGs leave. Microseconds; `ingress * hosts + host`. Without ingress regions it is empty.
 */
export class AccessTable {
  /** Radio + transfer; Infinity where no way leads. */
  readonly time: Float64Array;
  /** Variance of the band and of the links on the way. */
  readonly variance: Float64Array;
  readonly #paths: PathTable;
  readonly #ingress: readonly Entrance[];
  readonly #ways: (Way | undefined)[] = [];

  constructor(paths: PathTable, ingress: readonly Entrance[]) {
    this.#paths = paths;
    this.#ingress = ingress;
    const { hosts, jitter } = paths.usable.graph;
    const jitters = jitter.some((sigma) => sigma > 0);
    this.#ways.length = ingress.length * hosts;
    this.time = new Float64Array(ingress.length * hosts).fill(Infinity);
    this.variance = new Float64Array(ingress.length * hosts);
    for (const [g, { vertex, payloadBytes, radio, radioVariance }] of ingress.entries()) {
      const labels = paths.labels(vertex);
      for (let h = 0; h < hosts; h++) {
        const label = quickest(labels[h] ?? [], payloadBytes, 0);
        if (label === undefined) continue;
        const at = g * hosts + h;
        this.time[at] = radio + label.latency + transmission(payloadBytes, label.bandwidth);
        this.variance[at] = radioVariance + (jitters ? this.way(g, h).variance : 0);
      }
    }
  }

  /** The way from an ingress region's gateway to a host; without arcs where there is none. */
  way(ingress: number, host: number): Way {
    const { usable } = this.#paths;
    const at = ingress * usable.graph.hosts + host;
    const known = this.#ways[at];
    if (known !== undefined) return known;
    const entrance = this.#ingress[ingress];
    const label =
      entrance === undefined ? undefined : this.#paths.path(entrance.vertex, host, entrance.payloadBytes, 0);
    return (this.#ways[at] = wayOf(usable, label));
  }
}
