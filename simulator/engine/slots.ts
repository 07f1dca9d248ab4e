type Column = Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/** The same column, longer. */
export function grown<C extends Column>(old: C, length: number): C {
  const column = new (old.constructor as new (length: number) => C)(length);
  column.set(old);
  return column;
}

/** Numbers of places that are handed out and taken back; the last one back goes out first. */
export class FreeList {
  /** How many are out. */
  used = 0;
  #free: Int32Array<ArrayBuffer>;
  #count: number;

  constructor(capacity: number) {
    this.#free = new Int32Array(capacity);
    this.#count = 0;
    this.add(0, capacity);
  }

  get empty(): boolean {
    return this.#count === 0;
  }

  take(): number {
    this.used++;
    return this.#free[--this.#count] ?? 0;
  }

  give(place: number): void {
    this.used--;
    this.#free[this.#count++] = place;
  }

  /** Places `from .. to` are free too; the least goes out first. */
  add(from: number, to: number): void {
    if (to > this.#free.length) this.#free = grown(this.#free, to);
    for (let place = to - 1; place >= from; place--) this.#free[this.#count++] = place;
  }
}
