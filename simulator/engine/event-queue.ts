/** Ranks are below this, and fewer than 2^45 events are ever scheduled: rank and order share one exact number. */
const RANKS = 2 ** 45;

/**
 * The future: events in order of time, then rank, then of scheduling. A 4-ary heap on typed arrays; an event is three numbers
 * and no object. `pop` leaves the event in the public fields.
 */
export class EventQueue {
  /** Of the event that `pop` took out: its time, what it is about, and its key, which no other event of this queue ever has. */
  time = 0;
  what = 0;
  key = 0;
  #size = 0;
  #scheduled = 0;
  #times: Float64Array;
  #keys: Float64Array;
  #whats: Int32Array;

  constructor(capacity = 1024) {
    this.#times = new Float64Array(capacity);
    this.#keys = new Float64Array(capacity);
    this.#whats = new Int32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** Time of the next event; Infinity when there is none. */
  get next(): number {
    return this.#size === 0 ? Infinity : (this.#times[0] ?? Infinity);
  }

  /** Rank of the event that `pop` took out. */
  get rank(): number {
    return Math.floor(this.key / RANKS);
  }

  /** Adds an event at a whole microsecond and returns its key. Ranks are 0 to 255; of equal times the lesser comes first. */
  schedule(time: number, rank: number, what: number): number {
    if (this.#size === this.#times.length) this.#grow();
    const key = rank * RANKS + this.#scheduled++;
    const times = this.#times;
    const keys = this.#keys;
    const whats = this.#whats;
    let at = this.#size++;
    while (at > 0) {
      const up = (at - 1) >> 2;
      const above = times[up] ?? 0;
      if (above < time || (above === time && (keys[up] ?? 0) < key)) break;
      times[at] = above;
      keys[at] = keys[up] ?? 0;
      whats[at] = whats[up] ?? 0;
      at = up;
    }
    times[at] = time;
    keys[at] = key;
    whats[at] = what;
    return key;
  }

  /** Takes out the next event; false when there is none. */
  pop(): boolean {
    if (this.#size === 0) return false;
    const times = this.#times;
    const keys = this.#keys;
    const whats = this.#whats;
    this.time = times[0] ?? 0;
    this.key = keys[0] ?? 0;
    this.what = whats[0] ?? 0;
    const size = --this.#size;
    const time = times[size] ?? 0;
    const key = keys[size] ?? 0;
    let at = 0;
    for (let child = 1; child < size; child = 4 * at + 1) {
      let least = child;
      let first = times[child] ?? 0;
      const end = child + 4 < size ? child + 4 : size;
      for (let other = child + 1; other < end; other++) {
        const t = times[other] ?? 0;
        if (t > first || (t === first && (keys[other] ?? 0) > (keys[least] ?? 0))) continue;
        least = other;
        first = t;
      }
      if (time < first || (time === first && key < (keys[least] ?? 0))) break;
      times[at] = first;
      keys[at] = keys[least] ?? 0;
      whats[at] = whats[least] ?? 0;
      at = least;
    }
    times[at] = time;
    keys[at] = key;
    whats[at] = whats[size] ?? 0;
    return true;
  }

  #grow(): void {
    const capacity = 2 * this.#times.length;
    const longer = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const array = new Float64Array(capacity);
      array.set(old);
      return array;
    };
    this.#times = longer(this.#times);
    this.#keys = longer(this.#keys);
    const whats = new Int32Array(capacity);
    whats.set(this.#whats);
    this.#whats = whats;
  }
}
