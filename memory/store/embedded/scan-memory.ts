import type { KernelMemory, Scan } from '#memory/store/kernel/kernel.ts';
import { BLOCK, PAGE, newKernel } from '#memory/store/kernel/kernel.ts';
import { SEGMENT, layout } from './segment.ts';

/** The query lies before the segments. */
const QUERY_BYTES = PAGE;
/** Rounding of 32-bit scores, added to the bound of what an int8 score can hide. */
const ROUNDING = 1e-5;

/** The int8 copies of a shard's vectors in the kernel's memory, segment after segment, and the scores of the last query. */
export class ScanMemory {
  /** Bytes of an int8 vector: the dimension up to a multiple of 16. */
  readonly #width: number;
  readonly #memory: KernelMemory;
  readonly #scan: Scan;
  #segments = 0;
  /** Views into the kernel's memory, made again when it grows: scores by segment, and the greatest of each block. */
  #scores: Float32Array[] = [];
  #maxima: Float32Array[] = [];

  constructor(dimension: number) {
    this.#width = Math.ceil(dimension / 16) * 16;
    const { memory, scan } = newKernel();
    this.#memory = memory;
    this.#scan = scan;
  }

  get bytes(): number {
    return this.#memory.buffer.byteLength;
  }

  get scores(): readonly Float32Array[] {
    return this.#scores;
  }

  get maxima(): readonly Float32Array[] {
    return this.#maxima;
  }

  /** Scores the first `used` slots; how wrong a score can be for the copy of the query alone. */
  score(query: Float32Array, used: number): number {
    const { scales, scores, maxima, bytes } = layout(this.#width);
    const copy = new Int16Array(this.#memory.buffer, 0, this.#width);
    // 32-bit sums must not overflow: |sum| <= dimension * 127 * limit.
    const limit = Math.min(32_767, Math.floor((2 ** 31 - 1) / (127 * this.#width)));
    const { scale, residual } = quantised(query, copy, limit);
    for (let s = 0; s * SEGMENT < used; s++) {
      const at = QUERY_BYTES + s * bytes;
      const rows = Math.min(SEGMENT, Math.ceil((used - s * SEGMENT) / BLOCK) * BLOCK);
      this.#scan(0, scale, at, at + scales, at + scores, at + maxima, rows, this.#width);
    }
    return residual + ROUNDING;
  }

  /** Copies a vector to a slot; how wrong its scores can be. */
  write(slot: number, vector: Float32Array): number {
    const { scales, bytes } = layout(this.#width);
    const at = QUERY_BYTES + Math.floor(slot / SEGMENT) * bytes;
    const i = slot % SEGMENT;
    const copy = new Int8Array(this.#memory.buffer, at + i * this.#width, this.#width);
    const { scale, residual } = quantised(vector, copy, 127);
    new Float32Array(this.#memory.buffer, at + scales, SEGMENT)[i] = scale;
    return residual + ROUNDING;
  }

  /** Makes room for one more segment. */
  grow(): void {
    const { bytes, scores, maxima } = layout(this.#width);
    this.#segments++;
    const end = QUERY_BYTES + this.#segments * bytes;
    const missing = end - this.#memory.buffer.byteLength;
    const view = (s: number, offset: number, length: number): Float32Array =>
      new Float32Array(this.#memory.buffer, QUERY_BYTES + s * bytes + offset, length);
    if (missing > 0) {
      // A tenth more than needed: growing makes all views again.
      this.#memory.grow(Math.ceil((missing + 0.1 * end) / PAGE));
      const all = Array.from({ length: this.#segments }, (_, s) => s);
      this.#scores = all.map((s) => view(s, scores, SEGMENT));
      this.#maxima = all.map((s) => view(s, maxima, SEGMENT / BLOCK));
    } else {
      this.#scores.push(view(this.#segments - 1, scores, SEGMENT));
      this.#maxima.push(view(this.#segments - 1, maxima, SEGMENT / BLOCK));
    }
  }
}

/** Whole numbers up to `limit` times a scale for the unit vector of `vector`, and the length of what that leaves out. */
function quantised(
  vector: Float32Array,
  copy: Int8Array | Int16Array,
  limit: number,
): { scale: number; residual: number } {
  let square = 0;
  let largest = 0;
  for (let j = 0; j < vector.length; j++) {
    const x = vector[j] ?? 0;
    square += x * x;
    const size = x < 0 ? -x : x;
    if (size > largest) largest = size;
  }
  const norm = Math.sqrt(square);
  const scale = largest / norm / limit;
  const inverse = limit / largest;
  let lost = 0;
  for (let j = 0; j < vector.length; j++) {
    const scaled = (vector[j] ?? 0) * inverse;
    const whole = Math.round(scaled);
    copy[j] = whole;
    lost += (scaled - whole) * (scaled - whole);
  }
  for (let j = vector.length; j < copy.length; j++) copy[j] = 0;
  return { scale, residual: Math.sqrt(lost) * scale };
}
