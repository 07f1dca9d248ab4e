/**
 * A queue in front of `servers` equal servers, first come first served. A job's place is reserved when it arrives, so a station
 * needs one event per job: its end.
 */
export class Station {
  readonly #freeAt: Float64Array;

  constructor(servers = 1) {
    this.#freeAt = new Float64Array(servers);
  }

  /** When a job that arrives now would begin. Ask in the order of arrival. */
  begin(at: number): number {
    const free = this.#freeAt[this.#soonest()] ?? 0;
    return free > at ? free : at;
  }

  /** The job that was asked about last keeps its server busy until `end`. */
  hold(end: number): void {
    this.#freeAt[this.#soonest()] = end;
  }

  /** Everything that waits is forgotten; every server is free at that time. */
  clear(at: number): void {
    this.#freeAt.fill(at);
  }

  #soonest(): number {
    let best = 0;
    for (let s = 1; s < this.#freeAt.length; s++)
      if ((this.#freeAt[s] ?? 0) < (this.#freeAt[best] ?? 0)) best = s;
    return best;
  }
}
