/** How long, how much of it, and which of all possible fates. */
export interface ExogenousOptions {
  /** Of the replication: same seed, same fate. */
  readonly seed: number;
  readonly untilMicros: number;
  /** Share of the time in which sources emit requests, above 0 and at most 1. */
  readonly sampledShare: number;
  /** Length of the periods of which that share is sampled, when the spec says none. */
  readonly periodMicros: number;
}
