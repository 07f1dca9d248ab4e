/** Bandwidth that is left on each arc while flows are dealt out. Keeps its arrays; `clear` undoes everything at once. */
export class Room {
  readonly #free: Float64Array;
  readonly #held: Float64Array;
  readonly #touched: number[] = [];

  constructor(free: Float64Array) {
    this.#free = free;
    this.#held = new Float64Array(free.length);
  }

  /** Whether every arc has `bps` left. */
  has(arcs: ArrayLike<number>, bps: number): boolean {
    for (let k = 0; k < arcs.length; k++) {
      const arc = arcs[k] ?? 0;
      // A billionth of slack: what fits with equality is a sum of parts.
      if ((this.#held[arc] ?? 0) + bps > (this.#free[arc] ?? 0) * (1 + 1e-9)) return false;
    }
    return true;
  }

  /** Takes `bps` on every arc, or gives them back when negative. */
  take(arcs: ArrayLike<number>, bps: number): void {
    for (let k = 0; k < arcs.length; k++) {
      const arc = arcs[k] ?? 0;
      if (this.#held[arc] === 0) this.#touched.push(arc);
      this.#held[arc] = (this.#held[arc] ?? 0) + bps;
    }
  }

  /** Nothing is held any more. */
  clear(): void {
    for (const arc of this.#touched) this.#held[arc] = 0;
    this.#touched.length = 0;
  }
}
