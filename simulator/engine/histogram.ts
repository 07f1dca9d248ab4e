import type { Distribution } from '../result.ts';

const LOG_GAMMA = Math.log(1.02);
/** Values above γ^1999 (more than 10^17) share the last bucket. */
const BUCKETS = 2000;

/** Index of the logarithmic bucket of a value (`Distribution.buckets`). */
export function bucketOf(value: number): number {
  if (value <= 1) return 0;
  const index = Math.ceil(Math.log(value) / LOG_GAMMA);
  return index < BUCKETS ? index : BUCKETS - 1;
}

/** A distribution in bounded space, value by value. */
export class Histogram {
  count = 0;
  #sum = 0;
  #squares = 0;
  #max = 0;
  #least = BUCKETS;
  #most = -1;
  readonly #counts = new Float64Array(BUCKETS);

  get mean(): number {
    return this.count === 0 ? 0 : this.#sum / this.count;
  }

  /** Adds a value; `bucket` is `bucketOf(value)`, asked for once by who adds to several. */
  add(value: number, bucket: number): void {
    this.count++;
    this.#sum += value;
    this.#squares += value * value;
    if (value > this.#max) this.#max = value;
    if (bucket < this.#least) this.#least = bucket;
    if (bucket > this.#most) this.#most = bucket;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  /** Adds everything another one holds. */
  merge(other: Histogram): void {
    this.count += other.count;
    this.#sum += other.#sum;
    this.#squares += other.#squares;
    this.#max = Math.max(this.#max, other.#max);
    this.#least = Math.min(this.#least, other.#least);
    this.#most = Math.max(this.#most, other.#most);
    for (let b = other.#least; b <= other.#most; b++)
      this.#counts[b] = (this.#counts[b] ?? 0) + (other.#counts[b] ?? 0);
  }

  /** A quantile (nearest rank, within 1 % of the value); 0 when empty. */
  quantile(q: number): number {
    let left = Math.max(1, Math.ceil(q * this.count));
    for (let b = this.#least; b <= this.#most; b++) {
      left -= this.#counts[b] ?? 0;
      if (left <= 0)
        return b === 0 ? Math.min(1, this.#max) : Math.min(this.#max, Math.exp((b - 0.5) * LOG_GAMMA));
    }
    return 0;
  }

  /** Forgets everything. */
  clear(): void {
    if (this.count > 0) this.#counts.fill(0, this.#least, this.#most + 1);
    this.count = this.#sum = this.#squares = this.#max = 0;
    this.#least = BUCKETS;
    this.#most = -1;
  }

  /** As plain data. */
  get distribution(): Distribution {
    const { count, mean } = this;
    const variance = count === 0 ? 0 : Math.max(0, this.#squares / count - mean * mean);
    const buckets: [number, number][] = [];
    for (let b = this.#least; b <= this.#most; b++) {
      const n = this.#counts[b] ?? 0;
      if (n > 0) buckets.push([b, n]);
    }
    return { count, mean, deviation: Math.sqrt(variance), max: this.#max, buckets };
  }
}
