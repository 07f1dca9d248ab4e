/** Round trips of one look at a peer: probes go out in bursts of so many. */
export const WINDOW = 8;

/** What is known of the round trip to one peer. Microseconds. */
export interface Estimate {
  readonly rttMicros: number;
  /** Standard deviation of what looks gave. */
  readonly deviationMicros: number;
  /** Looks since the route last changed. */
  readonly looks: number;
  /** Monotonic time of the last look that counted, in microseconds. */
  readonly atMicros: number;
}

/** Share of a new look in the mean. */
const GAIN = 0.25;
/** So many looks in a row that are far off on one side are another route, not noise. */
const STRIKES = 2;
/** A look is far off beyond four deviations, but never within a tenth or 100 us. */
const DEVIATIONS = 4;
const SHARE = 0.1;
const FLOOR_MICROS = 100;

/**
 * Round trip to one peer, robust and in constant memory. Queues, interrupts and a busy sender only ever add time, so a look is the
 * second smallest of eight round trips; looks are averaged with exponential weights and a variance (as RFC 6298 does, over looks);
 * one look that is far off is held back, two in a row on one side start anew.
 */
export class Estimator {
  readonly #window: number[] = [];
  #mean = 0;
  #variance = 0;
  #looks = 0;
  #strikes = 0;
  #atMicros = 0;
  #lastMicros = 0;

  /** One round trip. Returns whether the route was taken for changed. */
  add(rttMicros: number, atMicros: number): boolean {
    if (!Number.isFinite(rttMicros) || rttMicros < 0) return false;
    this.#window.push(rttMicros);
    this.#lastMicros = atMicros;
    return this.#window.length < WINDOW ? false : this.#look(atMicros);
  }

  /** A burst is over, answered in full or not: a look needs most of its round trips. */
  end(): boolean {
    if (this.#window.length * 2 > WINDOW) return this.#look(this.#lastMicros);
    this.#window.length = 0;
    return false;
  }

  /** What is known; undefined before the first look. */
  get estimate(): Estimate | undefined {
    if (this.#looks === 0) return undefined;
    return {
      rttMicros: this.#mean,
      deviationMicros: Math.sqrt(this.#variance),
      looks: this.#looks,
      atMicros: this.#atMicros,
    };
  }

  #look(atMicros: number): boolean {
    const [least = 0, value = least] = this.#window.toSorted((a, b) => a - b);
    this.#window.length = 0;
    if (this.#looks === 0) {
      this.#start(value, atMicros);
      return false;
    }
    const off = value - this.#mean;
    const limit = Math.max(DEVIATIONS * Math.sqrt(this.#variance), SHARE * this.#mean, FLOOR_MICROS);
    if (Math.abs(off) > limit) {
      const side = Math.sign(off);
      this.#strikes = Math.sign(this.#strikes) === side ? this.#strikes + side : side;
      if (Math.abs(this.#strikes) < STRIKES) return false;
      this.#start(value, atMicros);
      return true;
    }
    this.#strikes = 0;
    this.#mean += GAIN * off;
    this.#variance = (1 - GAIN) * (this.#variance + GAIN * off * off);
    this.#looks++;
    this.#atMicros = atMicros;
    return false;
  }

  #start(value: number, atMicros: number): void {
    this.#mean = value;
    this.#variance = 0;
    this.#looks = 1;
    this.#strikes = 0;
    this.#atMicros = atMicros;
  }
}
