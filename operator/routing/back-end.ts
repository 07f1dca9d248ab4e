import type { Kind } from '#kube/kinds.ts';
import type { ByCaller } from './by-caller.ts';
import type { Edge } from './edge.ts';
import type { Mechanism, Verdict } from './ladder.ts';
import type { ParentRef, RouteSeen } from './route-verdict.ts';
import type { Front, Target } from './services.ts';
import type { Weights } from './weights.ts';

/** One listener of a Gateway. */
export interface Listener {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
}

/** The east-west Gateway with the addresses behind it. */
export interface GatewaySeen {
  readonly namespace: string;
  readonly name: string;
  readonly listeners: readonly Listener[];
  /** Who takes connections for a listener, by its port. */
  readonly targets: ReadonlyMap<number, readonly Target[]>;
}

/** What the discovery server knows of those it serves. */
export interface XdsSeen {
  /** Whether they agree to the routes of an edge. */
  readonly verdict: (edge: Edge) => Verdict;
  /** Node-local proxies that take connections. */
  readonly proxies: () => readonly Target[];
}

/** What a back-end may look at beside the edge. */
export interface Around {
  /** Whether the API server serves a kind now. */
  readonly serves: (kind: Kind) => boolean;
  readonly gateway: GatewaySeen | undefined;
  /** Our discovery server, when it runs. */
  readonly xds: XdsSeen | undefined;
  /** The TCP listener that belongs to an edge. */
  readonly tcpListener: (edge: Edge) => Listener | undefined;
  readonly zoneOf: (node: string) => string | undefined;
  /** Zones that hold nodes of this region and of no other; undefined when there are none or one is shared. */
  readonly zonesOf: (region: string) => readonly string[] | undefined;
}

/** One way to spread calls by weight. Pure: it says what should be there, and what others have said of it. */
export interface BackEnd {
  readonly mechanism: Mechanism;
  /** What our route refers to for it; undefined when it needs no route or nothing is there to refer to. */
  readonly parent: (edge: Edge, around: Around) => ParentRef | undefined;
  /** Whether it does its work for this edge now, by what is seen of the edge's route. */
  readonly verdict: (edge: Edge, around: Around, route: RouteSeen | undefined) => Verdict;
  /** What stands behind the front Service while it is in use. */
  readonly front: (edge: Edge, around: Around) => Front;
  /** Shares that it really gives when `weights` are asked for (`byCaller`: and these of callers of a region), in any scale. */
  readonly programmed: (edge: Edge, weights: Weights, around: Around, byCaller: ByCaller) => Weights;
}
