import type { Trace } from '#memory/trace/trace.ts';
import type { Composite } from './composite.ts';

/** A retrieved trace with why it was retrieved. */
export interface Retrieved {
  readonly trace: Trace;
  readonly own: boolean;
  /** What the order is by. */
  readonly score: number;
  readonly composite: Composite;
  /** Mean α_v: how much of the trace survived pruning. */
  readonly kept: number;
  /** From -1 to 1. */
  readonly relevance: number;
  /** The subgraph in `NODE_WIDTH` numbers. */
  readonly pooled: Float64Array;
  /** One sentence a step, for people. */
  readonly reasons: readonly string[];
}

/** A trace that was found and is not explained yet. */
export type Ranked = Omit<Retrieved, 'reasons'>;
