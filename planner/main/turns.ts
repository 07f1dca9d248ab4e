/** One piece of work at a time, in the order asked; at most `limit` wait. */
export class Turns {
  readonly #limit: number;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether one more would be too many. */
  get full(): boolean {
    return this.#waiting >= this.#limit;
  }

  /** Runs `work` when everything asked before has ended, whatever became of it. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const before = this.#last;
    const mine = before.then(work, work).finally(() => this.#waiting--);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
