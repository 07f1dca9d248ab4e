import type { KernelMemory, Scan } from '#memory/store/kernel/kernel.ts';
import { BLOCK, PAGE, newKernel } from '#memory/store/kernel/kernel.ts';
import { cosine } from '#memory/trace/vector.ts';
import { Nearest } from './nearest.ts';
import { ALIVE, SEGMENT, SHAREABLE, Segment, columnBytes, layout } from './segment.ts';

/** The query lies before the segments. */
const QUERY_BYTES = PAGE;
/** How many of the best int8 scores are looked at with 32 bits first. */
const RESCORED = 64;
/** Rounding of 32-bit scores, added to the bound of what an int8 score can hide. */
const ROUNDING = 1e-5;

/** One trace as the index keeps it. */
export interface Entry {
  readonly row: number;
  readonly idHigh: number;
  readonly idLow: number;
  readonly tenant: number;
  readonly slice: number;
  readonly createdMs: number;
  readonly reward: number;
  readonly shareable: boolean;
  readonly uses: number;
  readonly usedMs: number;
  readonly vector: Float32Array;
}

/** Whether row `i` of a segment may be an answer. */
export type Passes = (segment: Segment, i: number) => boolean;

/** A row near to the query, with what orders it. */
export interface Candidate {
  readonly row: number;
  readonly similarity: number;
  readonly reward: number;
  readonly tenant: number;
  readonly idHigh: number;
  readonly idLow: number;
}

/** Higher similarity first, then id. */
export const byNearness = (a: Candidate, b: Candidate): number =>
  b.similarity - a.similarity || a.idHigh - b.idHigh || a.idLow - b.idLow;

/**
 * The vectors of one region in memory. A search scores every row with its int8 copy, looks at the best with 32 bits, and then at
 * every row whose score plus its error bound could still belong: the answer is exact, not approximately so.
 */
export class IndexShard {
  readonly #dimension: number;
  /** Bytes of an int8 vector: the dimension up to a multiple of 16. */
  readonly #width: number;
  readonly #memory: KernelMemory;
  readonly #scan: Scan;
  readonly #segments: Segment[] = [];
  /** Views into the kernel's memory, made again when it grows. */
  #scores: Float32Array[] = [];
  #maxima: Float32Array[] = [];
  #used = 0;
  #free: number[] = [];
  #alive = 0;

  constructor(dimension: number) {
    this.#dimension = dimension;
    this.#width = Math.ceil(dimension / 16) * 16;
    const { memory, scan } = newKernel();
    this.#memory = memory;
    this.#scan = scan;
  }

  /** Traces in it. */
  get size(): number {
    return this.#alive;
  }

  /** Slots, dead ones included: what slices of work count over. */
  get slots(): number {
    return this.#used;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#memory.buffer.byteLength + this.#segments.length * columnBytes(this.#dimension);
  }

  /** Adds a trace; the slot it has from now on. */
  add(entry: Entry): number {
    const slot = this.#free.pop() ?? this.#used++;
    if (slot >= this.#segments.length * SEGMENT) this.#grow();
    const { segment, i } = this.at(slot);
    segment.vectors.set(entry.vector, i * this.#dimension);
    segment.rows[i] = entry.row;
    segment.createdMs[i] = entry.createdMs;
    segment.usedMs[i] = entry.usedMs;
    segment.uses[i] = entry.uses;
    segment.rewards[i] = entry.reward;
    segment.tenants[i] = entry.tenant;
    segment.slices[i] = entry.slice;
    segment.idHigh[i] = entry.idHigh;
    segment.idLow[i] = entry.idLow;
    this.#quantise(slot, entry.vector, segment, i);
    segment.flags[i] = ALIVE | (entry.shareable ? SHAREABLE : 0);
    this.#alive++;
    return slot;
  }

  /** No search returns the slot any more. False when nothing lives there. */
  kill(slot: number): boolean {
    const { segment, i } = this.at(slot);
    if (((segment.flags[i] ?? 0) & ALIVE) === 0) return false;
    segment.flags[i] = 0;
    this.#free.push(slot);
    this.#alive--;
    return true;
  }

  /** Segment of a slot and the place in it. */
  at(slot: number): { segment: Segment; i: number } {
    const segment = this.#segments[Math.floor(slot / SEGMENT)];
    if (segment === undefined) throw new RangeError(`the index has no slot ${slot}`);
    return { segment, i: slot % SEGMENT };
  }

  /** Slot of a row, -1 when it is not here; looks at every slot. */
  slotOf(row: number): number {
    for (const [s, segment] of this.#segments.entries()) {
      let i = segment.rows.indexOf(row);
      while (i >= 0 && ((segment.flags[i] ?? 0) & ALIVE) === 0) i = segment.rows.indexOf(row, i + 1);
      if (i >= 0) return s * SEGMENT + i;
    }
    return -1;
  }

  /** Row that lives in the slot, -1 when none does. */
  rowAt(slot: number): number {
    const { segment, i } = this.at(slot);
    return ((segment.flags[i] ?? 0) & ALIVE) === 0 ? -1 : (segment.rows[i] ?? -1);
  }

  /** Adds uses to rows; what they come to. */
  used(
    rows: ReadonlyMap<number, { readonly uses: number; readonly usedMs: number }>,
  ): { row: number; uses: number; usedMs: number }[] {
    const sums: { row: number; uses: number; usedMs: number }[] = [];
    for (let slot = 0; slot < this.#used; slot++) {
      const row = this.rowAt(slot);
      const use = row < 0 ? undefined : rows.get(row);
      if (use === undefined) continue;
      const { segment, i } = this.at(slot);
      const uses = (segment.uses[i] ?? 0) + use.uses;
      segment.uses[i] = uses;
      segment.usedMs[i] = use.usedMs;
      sums.push({ row, uses, usedMs: use.usedMs });
    }
    return sums;
  }

  /** The `k` nearest rows that pass, in order. */
  search(query: Float32Array, k: number, passes: Passes): Candidate[] {
    const queryError = this.#score(query);
    const near = this.#best(Math.max(RESCORED, k), passes);
    const found = near.slots.map((slot) => this.#candidate(query, slot)).sort(byNearness);
    if (near.full) {
      const least = found[k - 1]?.similarity ?? -1;
      const seen = new Set(near.slots);
      for (const slot of this.#couldBelong(least, queryError, passes)) {
        if (!seen.has(slot)) found.push(this.#candidate(query, slot));
      }
      found.sort(byNearness);
    }
    return found.slice(0, k);
  }

  /** Every slot's int8 score; how wrong the query's copy is. */
  #score(query: Float32Array): number {
    const { scales, scores, maxima, bytes } = layout(this.#width);
    const copy = new Int16Array(this.#memory.buffer, 0, this.#width);
    // 32-bit sums must not overflow: |sum| <= dimension * 127 * limit.
    const limit = Math.min(32_767, Math.floor((2 ** 31 - 1) / (127 * this.#width)));
    const { scale, residual } = quantised(query, copy, limit);
    for (let s = 0; s * SEGMENT < this.#used; s++) {
      const at = QUERY_BYTES + s * bytes;
      const rows = Math.min(SEGMENT, Math.ceil((this.#used - s * SEGMENT) / BLOCK) * BLOCK);
      this.#scan(0, scale, at, at + scales, at + scores, at + maxima, rows, this.#width);
    }
    return residual + ROUNDING;
  }

  /** The `count` best scores that pass. */
  #best(count: number, passes: Passes): { slots: number[]; full: boolean } {
    const nearest = new Nearest(count);
    for (const [s, segment] of this.#segments.entries()) {
      const scores = this.#scores[s];
      const maxima = this.#maxima[s];
      if (scores === undefined || maxima === undefined) continue;
      const rows = Math.min(SEGMENT, this.#used - s * SEGMENT);
      for (let b = 0; b * BLOCK < rows; b++) {
        if ((maxima[b] ?? 0) <= nearest.least) continue;
        const end = Math.min(rows, (b + 1) * BLOCK);
        for (let i = b * BLOCK; i < end; i++) {
          const score = scores[i] ?? 0;
          if (score > nearest.least && passes(segment, i)) nearest.offer(score, s * SEGMENT + i);
        }
      }
    }
    return { slots: nearest.slots(), full: nearest.full };
  }

  /** Slots whose true similarity may reach `least`. */
  *#couldBelong(least: number, queryError: number, passes: Passes): Generator<number> {
    for (const [s, segment] of this.#segments.entries()) {
      const scores = this.#scores[s];
      const maxima = this.#maxima[s];
      if (scores === undefined || maxima === undefined) continue;
      const rows = Math.min(SEGMENT, this.#used - s * SEGMENT);
      for (let b = 0; b * BLOCK < rows; b++) {
        if ((maxima[b] ?? 0) + segment.maxResidual + queryError < least) continue;
        const end = Math.min(rows, (b + 1) * BLOCK);
        for (let i = b * BLOCK; i < end; i++) {
          const bound = (scores[i] ?? 0) + (segment.residuals[i] ?? 0) + queryError;
          if (bound >= least && passes(segment, i)) yield s * SEGMENT + i;
        }
      }
    }
  }

  #candidate(query: Float32Array, slot: number): Candidate {
    const { segment, i } = this.at(slot);
    const vector = segment.vectors.subarray(i * this.#dimension, (i + 1) * this.#dimension);
    return {
      row: segment.rows[i] ?? 0,
      similarity: cosine(query, vector),
      reward: segment.rewards[i] ?? 0,
      tenant: segment.tenants[i] ?? 0,
      idHigh: segment.idHigh[i] ?? 0,
      idLow: segment.idLow[i] ?? 0,
    };
  }

  #quantise(slot: number, vector: Float32Array, segment: Segment, i: number): void {
    const { scales, bytes } = layout(this.#width);
    const at = QUERY_BYTES + Math.floor(slot / SEGMENT) * bytes;
    const copy = new Int8Array(this.#memory.buffer, at + i * this.#width, this.#width);
    const { scale, residual } = quantised(vector, copy, 127);
    new Float32Array(this.#memory.buffer, at + scales, SEGMENT)[i] = scale;
    segment.residuals[i] = residual + ROUNDING;
    segment.maxResidual = Math.max(segment.maxResidual, residual + ROUNDING);
  }

  #grow(): void {
    const { bytes, scores, maxima } = layout(this.#width);
    const end = QUERY_BYTES + (this.#segments.length + 1) * bytes;
    const missing = end - this.#memory.buffer.byteLength;
    // A tenth more than needed: growing makes all views again.
    if (missing > 0) this.#memory.grow(Math.ceil((missing + 0.1 * end) / PAGE));
    this.#segments.push(new Segment(this.#dimension));
    const views = (offset: number, length: number): Float32Array[] =>
      this.#segments.map(
        (_, s) => new Float32Array(this.#memory.buffer, QUERY_BYTES + s * bytes + offset, length),
      );
    if (missing > 0) {
      this.#scores = views(scores, SEGMENT);
      this.#maxima = views(maxima, SEGMENT / BLOCK);
    } else {
      const at = QUERY_BYTES + (this.#segments.length - 1) * bytes;
      this.#scores.push(new Float32Array(this.#memory.buffer, at + scores, SEGMENT));
      this.#maxima.push(new Float32Array(this.#memory.buffer, at + maxima, SEGMENT / BLOCK));
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
