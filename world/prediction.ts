/** One replica on one node. */
export interface Assignment {
  readonly microservice: string;
  readonly replica: number;
  readonly region: string;
  readonly node: string;
  /** Service time with its wait in the queue, microseconds. */
  readonly serveMicros: number;
  /** The limit it is closest to, with the share used: `memory 92 %`; empty when nothing limits it. */
  readonly binding: string;
}

/** Part of an edge's flow on one path. */
export interface RoutePath {
  /** Every hop by name, ends included; one name when caller and callee share a node. */
  readonly via: readonly string[];
  /** Share of the edge's flow; the paths of an edge sum to exactly 1,000,000. */
  readonly weightPpm: number;
  /** Transfer time of one payload, microseconds. */
  readonly latencyMicros: number;
  /** Bandwidth reserved on it, bit/s. */
  readonly bandwidthBps: number;
}

/** All paths of one edge. */
export interface Route {
  readonly from: string;
  readonly to: string;
  readonly paths: readonly RoutePath[];
}

/** How requests of one ingress region reach an entry service. */
export interface AccessPath {
  readonly region: string;
  readonly to: string;
  readonly via: readonly string[];
  /** Band + transfer, microseconds. */
  readonly latencyMicros: number;
}

/** One step of the critical path, microseconds. */
export interface Step {
  readonly kind: 'access' | 'serve' | 'queue' | 'transfer';
  /** `stitch` or `capture→stitch`. */
  readonly what: string;
  readonly micros: number;
}

/** What the world model says of a placement. Whole microseconds and parts per million. */
export interface Prediction {
  /** Mean over flows and ingress regions. */
  readonly latencyMicros: number;
  /** Of the slowest ingress region, replicas and paths. */
  readonly worstLatencyMicros: number;
  readonly jitterMicros: number;
  readonly syncMicros: number;
  readonly successPpm: number;
  readonly criticalPath: readonly string[];
  readonly steps: readonly Step[];
}

/** A limit that a placement does not keep. */
export interface Violation {
  /** The field's path: `qos.maxLatency`, `edges[capture→stitch].maxLatency`. */
  readonly constraint: string;
  readonly limit: number;
  readonly value: number;
  readonly object: string;
  readonly message: string;
  /** A hard one keeps the plan from being dispatched. */
  readonly hard: boolean;
}
