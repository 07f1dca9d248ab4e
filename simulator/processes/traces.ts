import type { Quantiles } from './quantiles.ts';

/** Recorded data that a spec asks for; what it does not ask for is absent. Plain numbers: where they were read is forgotten. */
export interface Traces {
  /** Gaps between requests, mean 1. */
  readonly gaps?: Float64Array;
  /** Counts per minute: one series that all sources follow, or many to draw from. */
  readonly minutes?: readonly Float64Array[];
  /** Tracks of moving people. */
  readonly tracks?: readonly Track[];
  /** One-way delays over the air in microseconds, and the share of requests lost. */
  readonly air?: { readonly up: Quantiles; readonly down: Quantiles; readonly loss: number };
  /** Bytes of recorded frames. */
  readonly frames?: Float64Array;
}

/** Where somebody was: seconds from the start of the recording, rising, and degrees. */
export interface Track {
  readonly seconds: Float64Array;
  readonly latitude: Float64Array;
  readonly longitude: Float64Array;
}
