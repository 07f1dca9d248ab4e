/** Rows of one segment: memory grows by this many, and nothing that is there moves. */
export const SEGMENT = 1024;

/** Bytes of an id. */
export const ID_BYTES = 32;

/** Where the parts of a segment lie in the kernel's memory, bytes from its start. */
export function layout(width: number): { scales: number; scores: number; maxima: number; bytes: number } {
  const scales = SEGMENT * width;
  const scores = scales + SEGMENT * 4;
  const maxima = scores + SEGMENT * 4;
  return { scales, scores, maxima, bytes: maxima + (SEGMENT / 64) * 4 };
}

/** What is kept of `SEGMENT` traces beside their int8 vectors: 32-bit vectors for exact scores, and the columns of filters. */
export class Segment {
  readonly vectors: Float32Array;
  /** Distance of each unit vector from its int8 copy: how wrong a score can be. */
  readonly residuals = new Float32Array(SEGMENT);
  /** Row of the store. */
  readonly rows = new Float64Array(SEGMENT);
  readonly createdMs = new Float64Array(SEGMENT);
  readonly usedMs = new Float64Array(SEGMENT);
  readonly uses = new Uint32Array(SEGMENT);
  readonly rewards = new Float64Array(SEGMENT);
  readonly tenants = new Uint32Array(SEGMENT);
  readonly slices = new Uint32Array(SEGMENT);
  /** Ids, `ID_BYTES` each: what a search answers with, and what breaks ties. */
  readonly ids = Buffer.alloc(SEGMENT * ID_BYTES);
  readonly flags = new Uint8Array(SEGMENT);
  maxResidual = 0;

  constructor(dimension: number) {
    this.vectors = new Float32Array(SEGMENT * dimension);
  }
}

/** Bits of `Segment.flags`. */
export const ALIVE = 1;
export const SHAREABLE = 2;

/** Bytes of a segment outside the kernel's memory. */
export const columnBytes = (dimension: number): number =>
  SEGMENT * (dimension * 4 + 4 + 8 * 4 + 4 * 3 + ID_BYTES + 1);
