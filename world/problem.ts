/** Something in the infrastructure that cannot be used as written. Offline it refuses the input; in a cluster it is a condition. */
export interface Problem {
  readonly reason:
    | 'NodeInTwoRegions'
    | 'RegionWithoutNodes'
    | 'UnknownLinkEnd'
    | 'DuplicateLink'
    | 'AmbiguousName'
    | 'LostNode'
    | 'NodeWithoutRegion'
    | 'UnreachableRegions'
    | 'BadNodeFact';
  /** `EdgeRegion cbd-north`, `Node edge-1`. */
  readonly object: string;
  readonly field: string;
  readonly message: string;
  /** Region whose condition carries it. */
  readonly region: string;
  /** `refuse`: wrong as written, offline input is refused. `warn`: true today, may change by itself. */
  readonly severity: 'refuse' | 'warn';
}
