/** The highest `count` scores offered, in a binary heap whose root is the least of them. */
export class Nearest {
  readonly #count: number;
  readonly #scores: Float32Array;
  readonly #slots: Uint32Array;
  #size = 0;

  constructor(count: number) {
    this.#count = count;
    this.#scores = new Float32Array(count);
    this.#slots = new Uint32Array(count);
  }

  /** A score must be above this to count. */
  least = -Infinity;

  /** Whether something had to be left out, or the next one has to. */
  get full(): boolean {
    return this.#size === this.#count;
  }

  /** Slots kept, in no order. */
  slots(): number[] {
    return [...this.#slots.subarray(0, this.#size)];
  }

  /** Takes a score above `least`. */
  offer(score: number, slot: number): void {
    if (this.#size < this.#count) {
      this.#rise(this.#size++, score, slot);
    } else {
      this.#sink(score, slot);
    }
    if (this.full) this.least = this.#scores[0] ?? -Infinity;
  }

  #rise(at: number, score: number, slot: number): void {
    let i = at;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if ((this.#scores[parent] ?? 0) <= score) break;
      this.#move(parent, i);
      i = parent;
    }
    this.#scores[i] = score;
    this.#slots[i] = slot;
  }

  #sink(score: number, slot: number): void {
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && (this.#scores[child + 1] ?? 0) < (this.#scores[child] ?? 0)) child++;
      if ((this.#scores[child] ?? 0) >= score) break;
      this.#move(child, i);
      i = child;
    }
    this.#scores[i] = score;
    this.#slots[i] = slot;
  }

  #move(from: number, to: number): void {
    this.#scores[to] = this.#scores[from] ?? 0;
    this.#slots[to] = this.#slots[from] ?? 0;
  }
}
