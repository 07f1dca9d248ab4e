/** So many a second, and a burst of so many at once. Time is an argument and never goes back. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #atMicros = -Infinity;

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Takes one; false when there is none left. */
  take(nowMicros: number): boolean {
    const since = Math.max(0, nowMicros - this.#atMicros);
    this.#tokens = Math.min(this.#burst, this.#tokens + (since / 1e6) * this.#perSecond);
    this.#atMicros = Math.max(nowMicros, this.#atMicros);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
