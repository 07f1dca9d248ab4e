/**
 * Everything that happens to a city whatever its orchestrator does. Built from the scenario and one seed before the run, so that
 * every orchestrator meets the same requests, draws and failures (common random numbers). Times are integer microseconds of
 * simulated time from 0; all draws of a request are functions of (seed, request, purpose), never of the order of calls.
 */
export interface Exogenous {
  /** One source per DAG and entry of its `spec.ingress`. */
  readonly sources: readonly ArrivalSource[];
  /** In order of time. */
  readonly disruptions: readonly Disruption[];
  readonly radio: Radio;
  readonly work: Work;
  /** True demand of a source in requests/s at a moment: what an oracle would know, for metrics and tests, never for decisions. */
  rateAt(source: number, atMicros: number): number;
}

/** Requests of one DAG from one of its ingress entries. */
export interface ArrivalSource {
  /** Index in `City.dags`, and in that DAG's `spec.ingress`. */
  readonly dag: number;
  readonly ingress: number;
  /** Time of the next arrival, never before the last one; Infinity when there is none. Called once per arrival. */
  next(): number;
}

/** A change of the infrastructure; `up: false` takes away, `up: true` gives back. Names as in the objects. */
export type Disruption =
  | { readonly atMicros: number; readonly kind: 'node'; readonly node: string; readonly up: boolean }
  | {
      readonly atMicros: number;
      readonly kind: 'link';
      readonly from: string;
      readonly to: string;
      readonly up: boolean;
    }
  /** All nodes of a region and its gateway. */
  | { readonly atMicros: number; readonly kind: 'region'; readonly region: string; readonly up: boolean }
  /** Speed of a node from now on, as a share of `mips-per-cpu`. */
  | { readonly atMicros: number; readonly kind: 'speed'; readonly node: string; readonly factor: number };

/** The air interface. */
export interface Radio {
  /** What is added to the band's latency (never making the sum negative), and whether the request is lost on the air. */
  access(
    request: number,
    source: number,
    atMicros: number,
  ): { readonly extraMicros: number; readonly lost: boolean };
}

/** Sizes of one request, as factors of what the spec says; all 1 gives exactly the world model's request. */
export interface Work {
  payloadFactor(request: number, source: number): number;
  /** Of the service time of the DAG's microservice with that index (in the order of the spec). */
  serviceFactor(request: number, microservice: number): number;
}
