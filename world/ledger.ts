/** What one owner holds: amounts per host and resource, bit/s per arc. Whole numbers, so that sums are exact. */
export interface Claim {
  /** `ServiceDAG namespace/name` or `Pod namespace/name`. */
  readonly owner: string;
  readonly hosts: readonly HostClaim[];
  readonly arcs: readonly ArcClaim[];
}

/** Amounts held on one host, one entry per resource of the snapshot, in base units. */
export interface HostClaim {
  readonly host: number;
  readonly amounts: readonly number[];
}

/** Bandwidth held on one arc, bit/s. */
export interface ArcClaim {
  readonly arc: number;
  readonly bps: number;
}

/**
 * Reservations of host capacity and link bandwidth across applications. Adding and removing claims in any order returns
 * every sum to exactly where it was: amounts are rounded up to whole base units (milli-CPU, bytes, bit/s).
 */
export class Ledger {
  readonly resources: number;
  /** Sum per host and resource, `host * resources + resource`. */
  readonly used: Float64Array;
  /** Sum per arc, bit/s. */
  readonly reserved: Float64Array;
  readonly #claims = new Map<string, Claim[]>();

  constructor(hosts: number, resources: number, arcs: number) {
    this.resources = resources;
    this.used = new Float64Array(hosts * resources);
    this.reserved = new Float64Array(arcs);
  }

  /** Adds a claim; one owner may hold several. */
  add(claim: Claim): void {
    const held = this.#claims.get(claim.owner);
    if (held === undefined) this.#claims.set(claim.owner, [claim]);
    else held.push(claim);
    this.#apply(claim, 1);
  }

  /** Releases everything an owner holds; nothing happens when it holds nothing. */
  release(owner: string): void {
    for (const claim of this.#claims.get(owner) ?? []) this.#apply(claim, -1);
    this.#claims.delete(owner);
  }

  /** Owners that hold something, in the order they came. */
  owners(): readonly string[] {
    return [...this.#claims.keys()];
  }

  #apply(claim: Claim, sign: 1 | -1): void {
    for (const { host, amounts } of claim.hosts) {
      for (const [r, amount] of amounts.entries()) {
        const at = host * this.resources + r;
        this.used[at] = (this.used[at] ?? 0) + sign * Math.ceil(amount);
      }
    }
    for (const { arc, bps } of claim.arcs)
      this.reserved[arc] = (this.reserved[arc] ?? 0) + sign * Math.ceil(bps);
  }
}
