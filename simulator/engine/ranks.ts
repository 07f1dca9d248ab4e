/** Ranks of events at the same microsecond. */
export const RANK = { disruption: 0, ready: 1, served: 2, arrived: 3, request: 4 } as const;
