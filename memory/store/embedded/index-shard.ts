import { BLOCK } from '#memory/store/kernel/kernel.ts';
import { cosine } from '#memory/trace/vector.ts';
import { Nearest } from './nearest.ts';
import { ALIVE, ID_BYTES, SEGMENT, SHAREABLE, Segment, columnBytes } from './segment.ts';
import { ScanMemory } from './scan-memory.ts';

/** How many of the best int8 scores are looked at with 32 bits first. */
const RESCORED = 64;

/** One trace as the index keeps it. */
export interface Entry {
  readonly row: number;
  /** `ID_BYTES` bytes. */
  readonly id: Uint8Array;
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
  readonly slot: number;
  /** Hexadecimal. */
  readonly id: string;
}

/** Higher similarity first, then id. */
export const byNearness = (a: Candidate, b: Candidate): number =>
  b.similarity - a.similarity || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/**
 * The vectors of one region in memory. A search scores every row with its int8 copy, looks at the best with 32 bits, and then at
 * every row whose score plus its error bound could still belong: the answer is exact, not approximately so.
 */
export class IndexShard {
  readonly #dimension: number;
  readonly #memory: ScanMemory;
  readonly #segments: Segment[] = [];
  #used = 0;
  #free: number[] = [];
  #alive = 0;

  constructor(dimension: number) {
    this.#dimension = dimension;
    this.#memory = new ScanMemory(dimension);
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
    return this.#memory.bytes + this.#segments.length * columnBytes(this.#dimension);
  }

  /** Adds a trace; the slot it has from now on. */
  add(entry: Entry): number {
    const slot = this.#free.pop() ?? this.#used++;
    if (slot >= this.#segments.length * SEGMENT) {
      this.#segments.push(new Segment(this.#dimension));
      this.#memory.grow();
    }
    const { segment, i } = this.at(slot);
    segment.vectors.set(entry.vector, i * this.#dimension);
    segment.rows[i] = entry.row;
    segment.createdMs[i] = entry.createdMs;
    segment.usedMs[i] = entry.usedMs;
    segment.uses[i] = entry.uses;
    segment.rewards[i] = entry.reward;
    segment.tenants[i] = entry.tenant;
    segment.slices[i] = entry.slice;
    segment.ids.set(entry.id, i * ID_BYTES);
    const residual = this.#memory.write(slot, entry.vector);
    segment.residuals[i] = residual;
    segment.maxResidual = Math.max(segment.maxResidual, residual);
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

  /** Id that lives in the slot, hexadecimal. */
  idAt(slot: number): string {
    const { segment, i } = this.at(slot);
    return segment.ids.toString('hex', i * ID_BYTES, (i + 1) * ID_BYTES);
  }

  /** The vector in the slot, a copy. */
  vectorAt(slot: number): Float32Array {
    const { segment, i } = this.at(slot);
    return segment.vectors.slice(i * this.#dimension, (i + 1) * this.#dimension);
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
    const queryError = this.#memory.score(query, this.#used);
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

  /** The `count` best scores that pass. */
  #best(count: number, passes: Passes): { slots: number[]; full: boolean } {
    const nearest = new Nearest(count);
    for (const [s, segment] of this.#segments.entries()) {
      const scores = this.#memory.scores[s];
      const maxima = this.#memory.maxima[s];
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
      const scores = this.#memory.scores[s];
      const maxima = this.#memory.maxima[s];
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
      slot,
      id: this.idAt(slot),
    };
  }
}
