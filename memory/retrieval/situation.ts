import type { TraceDag } from '#memory/trace/trace.ts';
import type { Expectation } from './expectation.ts';

/** A machine as it is now. */
export interface PresentNode {
  readonly name: string;
  readonly region: string;
  readonly cpuMilli: number;
  /** Share of its processors that is taken by others. */
  readonly utilisationPpm: number;
}

/** What memory is asked about. */
export interface Situation {
  readonly dag: TraceDag;
  /** The query vector q_ctx of the memory's encoder. */
  readonly vector: Float32Array;
  readonly nodes: readonly PresentNode[];
  /** Node of each service that runs already; moving it has a price. */
  readonly placed?: ReadonlyMap<string, string>;
  /** What the world model expects of what runs already under the present world; left out when nothing runs yet. */
  readonly expected?: Expectation | undefined;
  /** Present transfer time between two machines, when it is known: what an edge is expected to be (r_e of Eq. 1). */
  readonly transferMicros?: (from: string, to: string, payloadBytes: number) => number | undefined;
  readonly nowMs: number;
}
