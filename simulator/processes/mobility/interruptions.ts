/** One handover: when, and which share of the region's users had it. */
export interface Handover {
  readonly atMicros: number;
  readonly share: number;
}

/** Radio interruptions after handovers, by the region that users are in afterwards. */
export class Interruptions {
  readonly #micros: number;
  readonly #at = new Map<string, Float64Array>();
  readonly #share = new Map<string, Float32Array>();

  /** `handovers` in order of time. */
  constructor(interruptionMicros: number, handovers: ReadonlyMap<string, readonly Handover[]>) {
    this.#micros = interruptionMicros;
    for (const [region, list] of handovers) {
      this.#at.set(
        region,
        Float64Array.from(list, ({ atMicros }) => atMicros),
      );
      this.#share.set(
        region,
        Float32Array.from(list, ({ share }) => share),
      );
    }
  }

  /** How long a request at that moment waits for its radio: 0 unless its user, drawn with `draw`, is in a handover. */
  left(region: string, atMicros: number, draw: () => number): number {
    const at = this.#at.get(region);
    const shares = this.#share.get(region);
    if (at === undefined || shares === undefined) return 0;
    let i = firstAfter(at, atMicros) - 1;
    if ((at[i] ?? -Infinity) + this.#micros <= atMicros) return 0;
    let left = draw();
    for (; i >= 0 && (at[i] ?? 0) + this.#micros > atMicros; i--) {
      left -= shares[i] ?? 0;
      if (left < 0) return Math.max(1, Math.round((at[i] ?? 0) + this.#micros - atMicros));
    }
    return 0;
  }
}

/** Index of the first moment after `atMicros`. */
function firstAfter(moments: Float64Array, atMicros: number): number {
  let low = 0;
  let high = moments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((moments[middle] ?? 0) <= atMicros) low = middle + 1;
    else high = middle;
  }
  return low;
}
